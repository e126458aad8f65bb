"""Asks the model over frames, one request at a time, through all containers of a pipeline.

One thread's own connections; blocking, with a deadline for the whole way. What a container answers
is what the next one is asked, with the answer's Content-Type, as for endpoints.
"""

import socket
import time
from collections.abc import Mapping
from typing import NamedTuple

from argosy.agent.porter.transform.batch import Body, Buffer, Streamed, size_of
from argosy.runtimes import frames

_MOST_BUFFERS = 256
_PASSED_ON = ("content-type", "custom-attributes")


class Late(Exception):
    """No answer within the time allowed."""


class Answer(NamedTuple):
    """What a model answered."""

    status: int
    head: dict[str, str]
    body: list[Buffer]


class Caller:
    """Connections are made when they are needed, and broken after any failure."""

    def __init__(self, addresses: tuple[str, ...]) -> None:
        """`addresses`: "unix:/path" of each container, in order."""
        self._paths = [address.removeprefix("unix:") for address in addresses]
        self._connections: dict[str, socket.socket] = {}
        self._number = 0

    def ask(self, head: Mapping[str, str], body: Body, timeout_s: float) -> Answer:
        """The answer of the last container, or the first one that is an error.

        Raises Late, OSError when a connection breaks.
        """
        deadline = time.monotonic() + timeout_s
        try:
            return self._through_all(head, body, deadline)
        except TimeoutError:
            self.close()
            raise Late from None
        except BaseException:  # half a request may be out
            self.close()
            raise

    def parameters(self, timeout_s: float) -> tuple[int, bytes]:
        """Status and body of the first container's execution parameters. Raises as `ask`."""
        deadline = time.monotonic() + timeout_s
        try:
            sock = self._connection(self._paths[0])
            _send(sock, frames.PARAMETERS, self._next(), b"", [], deadline)
            answer = _receive(sock, deadline)
        except OSError:
            self.close()
            raise
        return answer.status, b"".join(answer.body)

    def close(self) -> None:
        """Break every connection."""
        for sock in self._connections.values():
            sock.close()
        self._connections.clear()

    def _through_all(self, head: Mapping[str, str], body: Body, deadline: float) -> Answer:
        answer = Answer(200, {}, [])
        for path in self._paths:
            sock = self._connection(path)
            _send(sock, frames.STREAM, self._next(), frames.encode_head(head), body, deadline)
            answer = _receive(sock, deadline)
            if not 200 <= answer.status < 300:
                break
            head = {**head, **{n: answer.head[n] for n in _PASSED_ON if n in answer.head}}
            body = answer.body
        return answer

    def _connection(self, path: str) -> socket.socket:
        sock = self._connections.get(path)
        if sock is None:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.connect(path)
            except OSError:
                sock.close()
                raise
            self._connections[path] = sock
        return sock

    def _next(self) -> int:
        self._number = (self._number + 1) & 0x7FFFFFFF
        return self._number


def _send(
    sock: socket.socket, kind: int, number: int, head: bytes, body: Body, deadline: float
) -> None:
    """One frame, its body not copied."""
    prefix = frames.prefix(kind, number, 0, head, size_of(body))
    _allow(sock, deadline)
    if isinstance(body, Streamed):
        sock.sendall(prefix)
        for piece in body.pieces():
            _allow(sock, deadline)
            sock.sendall(piece)
        return
    buffers: list[Buffer] = [prefix, *body]
    if len(buffers) > _MOST_BUFFERS:
        buffers = [b"".join(buffers)]
    sent = sock.sendmsg(buffers)
    for buffer in buffers:
        if sent < len(buffer):
            _allow(sock, deadline)
            sock.sendall(memoryview(buffer)[sent:])
        sent = max(0, sent - len(buffer))


def _receive(sock: socket.socket, deadline: float) -> Answer:
    """A RESPONSE, or PARTs up to their END. Raises OSError."""
    first: Answer | None = None
    while True:
        kind, status, head, body = _frame(sock, deadline)
        if kind == frames.RESPONSE:
            return Answer(status, frames.decode_head(head), [body])
        if kind == frames.PART:
            first = first or Answer(status or 200, frames.decode_head(head), [])
            first.body.append(body)
        elif kind == frames.END and first is not None:
            return first if status == 200 else Answer(status, first.head, [body])
        else:
            raise ConnectionError(f"the model's worker sent a frame of kind {kind}")


def _frame(sock: socket.socket, deadline: float) -> tuple[int, int, bytes, bytearray]:
    top = _exactly(sock, frames.HEAD_SIZE, deadline)
    length, _, status, head_length, kind = frames.HEAD.unpack(top)
    head = _exactly(sock, head_length, deadline)
    return kind, status, bytes(head), _exactly(sock, length - head_length, deadline)


def _exactly(sock: socket.socket, size: int, deadline: float) -> bytearray:
    data = bytearray(size)
    view, filled = memoryview(data), 0
    while filled < size:
        _allow(sock, deadline)
        count = sock.recv_into(view[filled:])
        if not count:
            raise ConnectionError("the model's worker closed its connection")
        filled += count
    return data


def _allow(sock: socket.socket, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    sock.settimeout(left)
