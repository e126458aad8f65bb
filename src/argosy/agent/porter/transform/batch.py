"""A mini-batch: whole records of one object, as much as one request carries."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

Buffer = bytes | bytearray | memoryview


class Streamed(NamedTuple):
    """A body too large to hold: its size in bytes, and how to read it anew."""

    size: int
    pieces: Callable[[], Iterator[bytes]]


Body = list[Buffer] | Streamed


class Batch(NamedTuple):
    """What one request carries, and where it comes from."""

    body: Body
    start: int
    """Position of the first record: bytes of what is read, or row groups."""
    end: int
    """Position behind the last record."""
    first: int
    """Number of the first record in its run, from 0."""
    records: int
    """How many records."""
    resumable: bool = True
    """Whether a run can begin at `end`."""

    @property
    def size(self) -> int:
        return size_of(self.body)


def size_of(body: Body) -> int:
    """Bytes of a body."""
    return body.size if isinstance(body, Streamed) else sum(map(len, body))


def joined(body: Body) -> bytes:
    """A body as one; only for bodies that are held anyway."""
    if isinstance(body, Streamed):
        return b"".join(body.pieces())
    return bytes(body[0]) if len(body) == 1 else b"".join(body)
