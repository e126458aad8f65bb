"""A write to a bucket with notifications: its answer is held until control has written down what
happened, so that no client is told of an object that nobody else will be told of.
"""

import logging
from typing import TYPE_CHECKING, Any

from argosy.edge.object_line import ObjectLine
from argosy.edge.object_writes import BATCH, POST, Write, events_of
from argosy.edge.relay import Edit, Relay
from argosy.edge.request import Request
from argosy.edge.upstream import Headers, Upstream
from argosy.ground.errors import ServiceUnavailable

if TYPE_CHECKING:
    from argosy.edge.gate import Gate

log = logging.getLogger(__name__)

_MOST_KEPT = 8 << 20
"""Bytes of an answer that are looked at: those of a thousand removals are less, also where each of
the 1024 bytes of their keys is written as five."""
_KEPT_OF_BODY = {BATCH: _MOST_KEPT, POST: 64 << 10}
"""Bytes of the body that are looked at: which objects, or the fields of a form."""


class WatchedRelay(Relay):
    """A relay that tells control before it answers a write that succeeded."""

    def __init__(
        self,
        gate: "Gate",
        request: Request,
        upstream: Upstream,
        head: list[bytes],
        *,
        write: Write,
        told: dict[str, Any],
        line: ObjectLine,
        expected_hash: str = "",
        edit: Edit | None = None,
    ) -> None:
        """`told`: what control is told of who asked, and the bucket's account."""
        super().__init__(gate, request, upstream, head, expected_hash=expected_hash, edit=edit)
        self._write = write
        self._told = told
        self._line = line
        self._size = 0
        self._asked: list[bytes] = []
        self._kept: tuple[int, bytes, Headers] | None = None
        self._answer: list[bytes] = []
        self._answer_size = 0
        self._telling = False

    def body(self, data: bytes) -> None:
        if self._size < _KEPT_OF_BODY.get(self._write.name, 0):
            self._asked.append(data)
        self._size += len(data)
        super().body(data)

    def answer_begins(self, status: int, reason: bytes, headers: Headers) -> None:
        if 200 <= status < 300:
            self._kept = status, reason, headers
        else:
            super().answer_begins(status, reason, headers)

    def answer_goes_on(self, data: bytes) -> None:
        if self._kept is None:
            super().answer_goes_on(data)
            return
        self._answer_size += len(data)
        if self._answer_size > _MOST_KEPT:
            self._unavailable()
        else:
            self._answer.append(data)

    def answer_ends(self) -> None:
        if self._kept is None:
            super().answer_ends()
            return
        events = self._events()
        if not events:
            self._go_on()
            return
        self._telling = True
        message = {"bucket": self._write.bucket, **self._told, "events": events}
        self._line.tell(message, self._go_on, self._failed)

    def upstream_lost(self) -> None:
        if self._telling:
            self._connection = None  # its answer is here already
        else:
            super().upstream_lost()

    def _events(self) -> list[dict[str, Any]]:
        assert self._kept is not None
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._kept[2]
        }
        decoded = self._request.text("x-amz-decoded-content-length")
        size = int(decoded) if decoded.isdigit() else self._size
        answer, asked = b"".join(self._answer), b"".join(self._asked)
        return events_of(self._write, headers, answer, asked, size)

    def _go_on(self) -> None:
        """Control has it: give the client the store's answer."""
        if self._gone():
            self._stop()
            return
        assert self._kept is not None
        super().answer_begins(*self._kept)
        for data in self._answer:
            super().answer_goes_on(data)
        super().answer_ends()

    def _failed(self, why: str) -> None:
        """The client may write once more; what it wrote is not acknowledged."""
        log.error("a write to %s is not acknowledged: %s", self._write.bucket, why)
        if self._gone():
            self._stop()
        else:
            self._refuse(ServiceUnavailable(f"{why} Try again."))
