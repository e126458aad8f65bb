"""The bytes of a stored object as a `Source`: of one version only, from any place on."""

from argosy.objects.client import ObjectStore
from argosy.objects.reading import ObjectReader
from argosy.objects.uri import S3Uri

_BEYOND = 256 * 1024


class StoredSource:
    """Begins at `start`. `end`: no more than a little is fetched beyond it; None: all is wanted."""

    def __init__(
        self, store: ObjectStore, uri: S3Uri, etag: str, start: int, end: int | None, size: int
    ) -> None:
        """`size` of the object. Raises StoreError, ObjectChanged."""
        self._store, self._uri, self._etag = store, uri, etag
        self._size = size
        self._end = size if end is None else min(end, size)
        self._reader: ObjectReader = store.open(uri, start, self._end, etag=etag)

    def read(self, size: int) -> bytes:
        data = self._reader.read(size)
        if not data and self._end < self._size:
            self._reader.close()
            begin, self._end = self._end, min(self._end + _BEYOND, self._size)
            self._reader = self._store.open(self._uri, begin, self._end, etag=self._etag)
            data = self._reader.read(size)
        return data

    def close(self) -> None:
        self._reader.close()
