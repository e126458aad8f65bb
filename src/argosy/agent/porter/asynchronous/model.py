"""A connection to the model's worker that asks one thing at a time, its bodies in pieces.

Blocking, with a limit to its time. A connection on which something went wrong is closed:
the worker then forgets what was asked on it. It refuses answers that are not frames.
"""

import math
import os
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from argosy.runtimes import frames

_PIECE = 1 << 20
_WHOLE = 200
"""Status of an END after which nothing is missing."""


class TimedOut(Exception):
    """The model did not answer in time."""


class Broken(Exception):
    """The connection to the model broke: its process ended, as a rule."""


class BrokeOff(Exception):
    """The model began to answer, and says itself that there will be no end."""


@dataclass
class Content:
    """A body, read once, in pieces."""

    size: int | None
    """Bytes; None where nobody knows until the end."""
    pieces: Iterable[bytes]


@dataclass
class Answer:
    """What the model said; the content has to be read before it is asked again."""

    status: int
    head: bytes
    content: Content

    @property
    def fields(self) -> dict[str, str]:
        return frames.decode_head(self.head)


class ModelLine:
    """One connection to `address` ("unix:/path"), made when it is needed."""

    def __init__(self, address: str) -> None:
        self._path = address.removeprefix("unix:")
        self._socket: socket.socket | None = None
        self._number = 0
        self._timeout_s = 0.0
        self._deadline = math.inf
        self._unread = 0
        """Bytes of the last answer that nobody took."""

    def ask(
        self, head: bytes, content: Content, timeout_s: float, *, parts: bool = False
    ) -> Answer:
        """Have the model answer, wholly, within `timeout_s` of the moment that it was asked.

        content: of a known size; handing it over takes as long as it takes, but no pause of the
        model may be longer than `timeout_s`. parts: the answer may come piece by piece; then its
        size is not known. Raises TimedOut and Broken, and whatever reading the content raises.
        """
        assert content.size is not None
        kind = frames.STREAM if parts else frames.REQUEST
        if self._unread:
            self.close()
        self._timeout_s, self._deadline = timeout_s, math.inf
        self._number = (self._number + 1) & 0xFFFFFFFF
        try:
            self._send(frames.prefix(kind, self._number, 0, head, content.size))
            sent = 0
            for piece in content.pieces:
                self._send(piece)
                sent += len(piece)
            if sent != content.size:
                raise Broken(f"the payload has {sent} bytes instead of {content.size}")
            self._deadline = time.monotonic() + timeout_s
            return self._answer()
        except BaseException:
            self.close()  # whatever was begun on it cannot be ended
            raise

    def close(self) -> None:
        """Idempotent."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._unread = 0

    def _answer(self) -> Answer:
        kind, status, head, size = self._frame()
        if kind == frames.RESPONSE:
            self._unread = size
            return Answer(status, head, Content(size, self._body(size)))
        if kind != frames.PART:
            raise Broken("the model's process does not speak as it should")
        self._unread = 1
        return Answer(status, head, Content(None, self._parts(size)))

    def _frame(self) -> tuple[int, int, bytes, int]:
        """Kind, status, head and size of the body of the next frame."""
        fixed = self._exactly(frames.HEAD_SIZE)
        length, number, status, head_length, kind = frames.HEAD.unpack(fixed)
        if number != self._number or head_length > length:
            raise Broken("the model's process does not speak as it should")
        return kind, status, self._exactly(head_length), length - head_length

    def _body(self, size: int) -> Iterator[bytes]:
        """Raises TimedOut and Broken."""
        while size:
            piece = self._receive(min(size, _PIECE))
            size -= len(piece)
            self._unread = size
            yield piece

    def _parts(self, size: int) -> Iterator[bytes]:
        """The bodies of the PARTs until the END. Raises TimedOut and Broken."""
        kind = frames.PART
        while kind == frames.PART:
            while size:
                piece = self._receive(min(size, _PIECE))
                size -= len(piece)
                yield piece
            kind, status, _, size = self._frame()
        text = self._exactly(size).decode("utf-8", "replace")
        self._unread = 0
        if kind != frames.END or status != _WHOLE:
            raise BrokeOff(text)

    def _exactly(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            parts.append(self._receive(size))
            size -= len(parts[-1])
        return b"".join(parts)

    def _receive(self, most: int) -> bytes:
        connection = self._ready()
        try:
            data = connection.recv(most)
        except TimeoutError:
            raise TimedOut from None
        except OSError as error:
            raise Broken(str(error)) from None
        if not data:
            raise Broken("its process ended")
        return data

    def _send(self, data: bytes) -> None:
        connection = self._ready()
        try:
            connection.sendall(data)
        except TimeoutError:
            raise TimedOut from None
        except OSError as error:
            raise Broken(str(error)) from None

    def _ready(self) -> socket.socket:
        """The connection, to be waited on until the deadline at most."""
        left = min(self._timeout_s, self._deadline - time.monotonic())
        if left <= 0:
            raise TimedOut
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(left)
            try:
                self._socket.connect(os.fspath(self._path))
            except OSError as error:
                self.close()
                raise Broken(str(error)) from None
            return self._socket
        self._socket.settimeout(left)
        return self._socket
