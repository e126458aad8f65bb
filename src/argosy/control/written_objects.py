"""Tells whom buckets' notifications name of the objects that Argosy's own processes have written.

Nothing is asked of the database where no bucket has notifications. What a writer has not told, a
size or an ETag, is left out.
"""

from collections.abc import Iterable

from argosy.ground.jobs import Written
from argosy.objects.uri import S3Uri, parse_s3_uri
from argosy.state.object_events import BUCKET_NOTIFICATION, happened
from argosy.state.records import Records
from argosy.state.remembered import Remembered

_NAME = "ObjectCreated:Put"


class WrittenObjects:
    """Every method joins the transaction that is open: the one in which the objects are done."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._wanted = Remembered[bool](records.transactions, BUCKET_NOTIFICATION)

    def of_job(self, account: str, written: Iterable[Written], now: float) -> None:
        """What a job has told of its outputs."""
        for one in written:
            self.tell(account, parse_s3_uri(one.uri), now, one.size, one.etag)

    def tell(
        self, account: str, uri: S3Uri, now: float, size: int | None = None, etag: str = ""
    ) -> None:
        """One object; size in bytes."""
        if self._wanted.get("", lambda: bool(self._records.find(BUCKET_NOTIFICATION))):
            happened(self._records, account, uri.bucket, uri.key, _NAME, size, etag, now)
