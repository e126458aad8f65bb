"""What is asked of a container: POST /invocations for an edge, GET /ping for anybody.

Header names follow reference/container-contract.md §2; no other header of a client reaches the
container, and no other one of the container reaches a client. An answer that is larger than the
limit, or that breaks off, becomes a 502 that says so.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from argosy.runtimes import frames
from argosy.runtimes.bridge.http import Connection, Headers

if TYPE_CHECKING:
    from argosy.runtimes.bridge.asker import Asker

PING_S = 2.0
"""/ping has to be answered within this time."""
_BAD_GATEWAY = 502
_MOST_PARAMETERS = 64 * 1024
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")

_TO_CONTAINER = {
    "content-type": "Content-Type",
    "accept": "Accept",
    "custom-attributes": "X-Amzn-SageMaker-Custom-Attributes",
    "session-id": "X-Amzn-SageMaker-Session-Id",
    "inference-id": "X-Amzn-SageMaker-Inference-Id",
    "target-model": "X-Amzn-SageMaker-Target-Model",
    "traceparent": "traceparent",
    "tracestate": "tracestate",
    "trace-id": "X-Amzn-Trace-Id",
}
_TO_CLIENT = {
    b"content-type": b"content-type",
    b"x-amzn-sagemaker-custom-attributes": b"custom-attributes",
    b"x-amzn-sagemaker-new-session-id": b"new-session-id",
    b"x-amzn-sagemaker-closed-session-id": b"closed-session-id",
}


@lru_cache(maxsize=256)
def request_line(head: bytes, path: bytes) -> bytes:
    """Request line and headers of an invocation with this frame head."""
    fields = frames.decode_head(head)
    lines = [
        f"{_TO_CONTAINER[name]}: {_CONTROL_CHARACTERS.sub(' ', value)}\r\n"
        for name, value in fields.items()
        if name in _TO_CONTAINER and value
    ]
    return b"POST %b HTTP/1.1\r\n%b" % (path, "".join(lines).encode("latin-1"))


def frame_head(headers: Headers) -> bytes:
    """The frame head that stands for a container's headers."""
    lines = []
    for name, value in headers:
        known = _TO_CLIENT.get(name.lower())
        if known is not None:
            lines.append(b"%b:%b\n" % (known, value.replace(b"\n", b" ").replace(b"\r", b" ")))
    return b"".join(lines)


class Invocation:
    """A REQUEST or STREAM frame on its way through the container; a `http.Call`."""

    __slots__ = (
        "_asker",
        "_frame_head",
        "_limit",
        "_pieces",
        "_request_id",
        "_size",
        "_status",
        "_streams",
        "begun",
        "body",
        "connection",
        "line",
        "open",
        "retried",
        "size",
    )

    def __init__(
        self,
        asker: Asker,
        request_id: int,
        streams: bool,
        head: bytes,
        body: bytes | memoryview,
        limit: int,
        path: bytes = b"/invocations",
    ) -> None:
        self._asker = asker
        self._request_id = request_id
        self._streams = streams
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0
        self._status = 0
        self._frame_head = b""
        self.line = request_line(head, path)
        self.body = body
        self.size = len(body)
        """Bytes that were asked with."""
        self.begun = False
        """A piece of the answer is out."""
        self.open = True
        self.retried = False
        self.connection: Connection | None = None

    def head(self, status: int, headers: Headers) -> None:
        self._status = status
        self.body = b""  # it was heard: nobody needs it again
        self._frame_head = frame_head(headers)
        self._streams = self._streams and status < 400
        if not self._streams and _length(headers) > self._limit:
            self._too_large()

    def data(self, data: bytes) -> None:
        if not self.open:
            return
        if self._streams:
            self._part(data)
            return
        self._size += len(data)
        if self._size > self._limit:
            self._too_large()
        else:
            self._pieces.append(data)

    def done(self) -> None:
        if not self.open:
            return
        if not self._streams:
            pieces = self._pieces
            body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            self._end(frames.RESPONSE, self._status, self._frame_head, body)
            return
        if not self.begun:
            self._part(b"")
        self._end(frames.END, 200, b"", b"")

    def failed(self, reason: str) -> None:
        if not self.open:
            return
        text = f"The container failed: {reason}.".encode()
        if self.begun:
            self._end(frames.END, 500, b"", text)
        elif self._status:
            self._refuse(text)
        else:
            self._asker.perhaps_dead(self, text)

    def answer_failure(self, text: bytes) -> None:
        """Say that there is no answer, now that the program is known to live."""
        if self.open:
            self._refuse(text)

    def _part(self, data: bytes) -> None:
        head = b"" if self.begun else self._frame_head
        self.begun = True
        self._asker.send(frames.encode(frames.PART, self._request_id, self._status, head, data))
        if self._asker.full and self.connection is not None:
            self.connection.hold()

    def _too_large(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
        limit = self._limit
        self._refuse(f"The container's answer is larger than the limit of {limit} bytes.".encode())

    def _refuse(self, text: bytes) -> None:
        self._end(frames.RESPONSE, _BAD_GATEWAY, b"content-type:text/plain\n", text)

    def _end(self, kind: int, status: int, head: bytes, body: bytes) -> None:
        self.open = False
        self._pieces = []
        self._asker.answered(self._request_id, self, kind, status, head, body)


class Ping:
    """GET /ping, answered or given up within two seconds; then `told(status, reason)` is called.

    The status is 0 when there was no answer, and then the reason is a clause that says why.
    """

    line = b"GET /ping HTTP/1.1\r\n"
    body: bytes | memoryview = b""

    def __init__(self, told: Callable[[int, str], None]) -> None:
        self.open = True
        self.retried = False
        self.connection: Connection | None = None
        self._status = 0
        self._told = told
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(PING_S, self._give_up)

    def head(self, status: int, headers: Headers) -> None:
        self._status = status

    def data(self, data: bytes) -> None:
        """The body does not matter."""

    def done(self) -> None:
        self._tell(self._status, "")

    def failed(self, reason: str) -> None:
        self._tell(0, reason)

    def _give_up(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
        self._tell(0, f"it did not answer /ping within {PING_S:g} s")

    def _tell(self, status: int, reason: str) -> None:
        if self.open:
            self.open = False
            self._timer.cancel()
            self._told(status, reason)


class Parameters(Ping):
    """GET /execution-parameters; then `answered(status, body)`, the status 0 for no answer."""

    line = b"GET /execution-parameters HTTP/1.1\r\n"

    def __init__(self, answered: Callable[[int, bytes], None]) -> None:
        self._pieces: list[bytes] = []
        super().__init__(lambda status, reason: answered(status, b"".join(self._pieces)))

    def data(self, data: bytes) -> None:
        if sum(map(len, self._pieces)) < _MOST_PARAMETERS:
            self._pieces.append(data)


def _length(headers: Headers) -> int:
    for name, value in headers:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return 0
