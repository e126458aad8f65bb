"""The bodies of a job's sample payload: the files of an archive in S3, by the order of names."""

import tempfile
from pathlib import Path

from argosy.ground.instances import StoreAccess
from argosy.objects.archive import unpack
from argosy.objects.client import ObjectStore
from argosy.objects.errors import BadArchive
from argosy.objects.uri import parse_s3_uri

_MOST_BYTES = 64 << 20
_MOST_FILES = 1000


def fetch(store: StoreAccess, uri: str, folder: Path) -> tuple[bytes, ...]:
    """The bodies. Raises ArgosyError with a sentence, or OSError when the disk is full.

    folder: where the archive may lie for a moment.
    """
    objects = ObjectStore(store, patience_s=10.0)
    try:
        with tempfile.TemporaryDirectory(prefix="payload-", dir=folder) as place:
            archive, files = Path(place, "archive"), Path(place, "files")
            objects.get_file(parse_s3_uri(uri), archive, _MOST_BYTES)
            files.mkdir()
            unpack(archive, files, _MOST_BYTES, name=uri, max_entries=_MOST_FILES)
            bodies = [path.read_bytes() for path in sorted(files.rglob("*")) if path.is_file()]
    finally:
        objects.close()
    if not bodies:
        raise BadArchive(f"The archive {uri} has no file: put the bodies of requests into it.")
    return tuple(bodies)
