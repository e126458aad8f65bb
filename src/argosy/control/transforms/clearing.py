"""What a job leaves in the store when it is over: nothing but outputs, and what it was to capture.

Uploads to outputs of the job that nobody will complete are given up, its temporary objects are
removed. Blocking, for a thread; nothing that is not the job's own is touched.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from argosy.control.transforms.outputs import SUFFIX, output_of, split_uri, temporary_of
from argosy.objects.client import ObjectStore
from argosy.objects.errors import StoreAway, StoreError
from argosy.objects.uri import S3Uri
from argosy.state import transform_book
from argosy.state.transform_book import Listing, TransformBook

log = logging.getLogger(__name__)

_STATES = (
    transform_book.WAITING,
    transform_book.OPEN,
    transform_book.COVERED,
    transform_book.DONE,
    transform_book.FAILED,
)
_KEYS_IN_A_MANIFEST = 10_000


def clear(
    store: ObjectStore, book: TransformBook, job: str, asked: dict[str, Any], listing: Listing
) -> None:
    """Remove what is unfinished. Raises StoreAway: then it is to be tried again.

    What the store does not allow is left, with a line in the log.
    """
    path = asked["TransformOutput"]["S3OutputPath"]
    steps: tuple[Callable[[], None], ...] = (
        partial(_abort_known, store, book, job, path, listing),
        partial(_abort_unknown, store, book, job, path, listing),
        partial(_remove_temporary, store, temporary_of(path, job)),
    )
    for step in steps:
        try:
            step()
        except StoreAway:
            raise
        except StoreError as error:
            log.warning("something may be left of %s below %s: %s", job, path, error)


def _abort_known(
    store: ObjectStore, book: TransformBook, job: str, path: str, listing: Listing
) -> None:
    for row in book.uploads(job):
        store.multipart.abort(output_of(path, listing.base, row.key), row.upload_id)


def _remove_temporary(store: ObjectStore, temporary: S3Uri) -> None:
    for key in list(store.keys(temporary.bucket, temporary.key)):
        store.delete(S3Uri(temporary.bucket, key))


def _abort_unknown(
    store: ObjectStore, book: TransformBook, job: str, path: str, listing: Listing
) -> None:
    """Uploads to outputs of the job whose ids an instance did not live to tell."""
    folder = output_of(path, "", "")
    prefix = folder.key.removesuffix(SUFFIX)
    uploads = list(store.multipart.open(folder.bucket, prefix))
    if not uploads:
        return
    outputs = {upload.uri.key for upload in uploads}
    mine = {
        output.key
        for key in _keys(book, job, _STATES)
        if (output := output_of(path, listing.base, key)).key in outputs
    }
    for upload in uploads:
        if upload.uri.key in mine:
            store.multipart.abort(upload.uri, upload.upload_id)


def capture(
    store: ObjectStore,
    book: TransformBook,
    job: str,
    asked: dict[str, Any],
    listing: Listing,
    began: float,
) -> None:
    """Write the manifests that DataCaptureConfig asks for (reference/async-and-batch.md B5).

    Raises StoreError.
    """
    config = asked.get("DataCaptureConfig")
    if not config:
        return
    place, path = split_uri(config["DestinationS3Uri"]), asked["TransformOutput"]["S3OutputPath"]
    hour = time.strftime("%Y/%m/%d/%H", time.gmtime(began))
    keys = _keys(book, job, (transform_book.DONE,))
    for number, some in enumerate(_chunks(keys, _KEYS_IN_A_MANIFEST)):
        outputs = [output_of(path, listing.base, key) for key in some]
        for side, bucket, named in (
            ("input", listing.bucket, some),
            ("output", split_uri(path).bucket, [output.key for output in outputs]),
        ):
            name = f"{side}/{hour}/{asked['TransformJobName']}-{number}.json"
            key = f"{place.key.rstrip('/')}/{name}" if place.key else name
            body = json.dumps([{"prefix": f"s3://{bucket}/"}, *named]).encode()
            store.put(S3Uri(place.bucket, key), body, "application/json")


def _keys(book: TransformBook, job: str, states: tuple[int, ...]) -> Iterator[str]:
    for state in states:
        after = -1
        while rows := book.with_state(job, state, after):
            yield from (row.key for row in rows)
            after = rows[-1].seq


def _chunks(keys: Iterator[str], size: int) -> Iterator[list[str]]:
    while some := list(islice(keys, size)):
        yield some
