"""Spool files: captured requests and answers on their way from an edge to the object store.

A file is a line of JSON, the `Place`, and then records as they came:

    offset  size  field
    0       4     "REC1"
    4       8     when the request came, seconds since the epoch (double, little-endian)
    12      16    lengths of the four parts (32 bits each)
    28            head of the request, body of the request, head of the answer, body of the answer
            4     "END1"

Heads are those of `argosy.runtimes.frames`. What the place does not want is of length 0. A file is
written by one process, which holds a lock on it (flock) as long as it lives; a last record that was
cut off does not count. A file holds records of one UTC hour.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, TypedDict

NEW, OPEN, READY = ".new", ".open", ".spool"
"""How names of files end: not locked yet, being written, complete."""

HEAD = struct.Struct("<4sdIIII")
BEGIN, END = b"REC1", b"END1"


class Place(TypedDict):
    """Where the records of a file go, and in which form."""

    destination: str
    """S3 URI below which objects are written."""
    endpoint: str
    variant: str
    """Or the inference component that stands in its place."""
    input: bool
    output: bool
    csv: list[str]
    json: list[str]
    kms_key: str


class Record(NamedTuple):
    """One request and its answer."""

    at: float
    asked: bytes
    """Head of the request."""
    input: bytes
    answered: bytes
    """Head of the answer."""
    output: bytes


def read(file: BinaryIO) -> Iterator[Record]:
    """The records from where the file stands, behind its first line; ends at one that was cut
    off."""
    while True:
        head = file.read(HEAD.size)
        if len(head) < HEAD.size:
            return
        magic, at, *lengths = HEAD.unpack(head)
        if magic != BEGIN:
            return
        parts = [file.read(length) for length in lengths]
        if file.read(len(END)) != END:
            return
        yield Record(at, *parts)
