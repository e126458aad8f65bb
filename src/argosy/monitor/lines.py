"""Objects as streams of text lines, with a bound on how long a line may be."""

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from argosy.monitor.analysis import BadData
from argosy.objects.client import ObjectStore
from argosy.objects.reading import ObjectReader
from argosy.objects.uri import S3Uri

LONGEST = 16 << 20
"""Characters of a line."""


class _Raw(io.RawIOBase):
    def __init__(self, reader: ObjectReader) -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._reader.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def opened(store: ObjectStore, uri: S3Uri) -> Iterator[Iterator[str]]:
    """The lines of an object, unpacked when its name ends in .gz. Raises StoreError, BadData."""
    with store.open(uri) as reader:
        raw = io.BufferedReader(_Raw(reader), 1 << 18)
        packed = uri.key.endswith(".gz")
        binary = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
        yield _lines(io.TextIOWrapper(binary, "utf-8-sig", errors="replace", newline=""), uri)


def _lines(text: io.TextIOWrapper, uri: S3Uri) -> Iterator[str]:
    try:
        while line := text.readline(LONGEST):
            if len(line) == LONGEST and not line.endswith("\n"):
                raise BadData(f"{uri} has a line of more than {LONGEST >> 20} million characters.")
            yield line
    except (gzip.BadGzipFile, EOFError) as error:
        raise BadData(f"{uri} is not whole gzip data: {error}") from error
