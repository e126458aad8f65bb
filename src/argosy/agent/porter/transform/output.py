"""What a run has produced, in order: held until it is a piece, then written and reported.

At most a few MiB are held. A whole object that never came to a piece is put in one request.
"""

import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

from argosy.agent.porter.transform.batch import Buffer
from argosy.agent.porter.transform.failures import GivenUp
from argosy.agent.porter.transform.numbering import PART, Numbering
from argosy.agent.porter.transform.reports import Reports
from argosy.objects.client import ObjectStore
from argosy.objects.uri import parse_s3_uri

HELD = 8 << 20
"""Bytes of output from which on it is written."""
PASSED = 64 << 20
"""Bytes of input from which on it is written, however little has come of them."""


class Writing(NamedTuple):
    """What is the same for all outputs of a job on this instance."""

    store: ObjectStore
    by_byte: bool
    """Positions are bytes of the stored object: its parts are numbered by their place in it."""
    pack: Callable[[list[Buffer]], list[Buffer]] | None = None
    """What makes one file of several answers, where they cannot just follow on each other."""


class Output:
    """Of one run."""

    def __init__(
        self,
        task: dict[str, Any],
        writing: Writing,
        reports: Reports,
        given_up: Callable[[], bool],
    ) -> None:
        self._task, self._writing, self._reports = task, writing, reports
        self._given_up = given_up
        self._uri = parse_s3_uri(task["output"])
        self._upload_id: str | None = task.get("upload_id")
        self._whole = bool(task.get("whole"))
        self._written = False
        self._numbering = Numbering(
            start=task["start"],
            number=task.get("number") or 1,
            last=task.get("last_number") or 9_998,
            size=task["size"] if writing.by_byte else 0,
        )
        self._start = self._end = int(task["start"])
        self._held: list[Buffer] = []
        self._size = self._passed = self._held_records = 0
        self.content_type = "application/octet-stream"
        self.records = 0
        self.bytes_in = 0
        self.bytes_out = 0

    def add(self, buffers: list[Buffer], records: int, passed: int) -> None:
        """Append what came of some records. `passed`: bytes of input they had."""
        self._held += buffers
        size = sum(map(len, buffers))
        self._size += size
        self._passed += passed
        self._held_records += records
        self.bytes_in += passed
        self.bytes_out += size
        self.records += records

    def reached(self, position: int) -> None:
        """A run could begin here: write, if there is enough. Raises StoreError, GivenUp."""
        end = self._task.get("end")
        self._end = position if end is None else min(position, end)
        if self._size >= HELD or self._passed >= PASSED:
            self._piece(final=False)

    def finish(self, end: int) -> None:
        """The run is over: write the rest, and say so. Raises StoreError, GivenUp."""
        whole = self._whole and not self._written
        self._end = end
        if whole:
            self._check()
            self._writing.store.put(self._uri, _views(self._packed()), self.content_type)
        elif self._end > self._start:
            self._piece(final=self._task.get("end") is None or end >= self._object_end())
        self._reports.finished(
            records=self.records, bytes_in=self.bytes_in, bytes_out=self.bytes_out, whole=whole
        )

    def _object_end(self) -> float:
        """Where the object ends, if that is known."""
        return self._task["size"] if self._writing.by_byte else float("inf")

    def _piece(self, *, final: bool) -> None:
        self._check()
        packed = self._packed()
        size = sum(map(len, packed))
        self._open(size)
        kind, number = self._numbering.piece(self._start, self._end, size, final=final)
        if self._upload_id is None:
            kind = "temp"
        where = self._put_part(number, packed) if kind == PART else self._put_temporary(packed)
        self._reports.piece(
            self._start,
            end=self._end,
            kind=kind,
            number=number,
            bytes=size,
            records=self._held_records,
            **where,
        )
        self._start, self._written = self._end, True
        self._held, self._size, self._passed, self._held_records = [], 0, 0, 0

    def _open(self, size: int) -> None:
        """Begin the upload of an object that turns out to be large."""
        if self._whole and self._upload_id is None and size and self._writing.pack is None:
            create = self._writing.store.multipart.create
            self._upload_id = create(self._uri, self.content_type)
            self._reports.opened(self._upload_id)

    def _put_part(self, number: int, packed: list[Buffer]) -> dict[str, str]:
        assert self._upload_id is not None
        put = self._writing.store.multipart.put
        part = put(self._uri, self._upload_id, number, _views(packed))
        return {"etag": part.etag, "uri": ""}

    def _put_temporary(self, packed: list[Buffer]) -> dict[str, str]:
        """Under a name that nobody else uses, for this run may have been given out again."""
        if not packed:
            return {"etag": "", "uri": ""}
        folder = str(self._task["temporary"]).rstrip("/")
        uri = f"{folder}/{self._start:020}-{secrets.token_hex(4)}"
        return {"etag": self._writing.store.put(parse_s3_uri(uri), _views(packed)), "uri": uri}

    def _packed(self) -> list[Buffer]:
        held = [buffer for buffer in self._held if len(buffer)]
        return self._writing.pack(held) if self._writing.pack and held else held

    def _check(self) -> None:
        if self._given_up():
            raise GivenUp


def _views(buffers: list[Buffer]) -> list[bytes | memoryview]:
    return [memoryview(buffer) for buffer in buffers]
