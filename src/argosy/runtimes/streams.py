"""Answers that come in pieces: one step of a model's generator at a time.

Between two pieces other requests get their turn. An asker that did not ask for a stream gets the
pieces joined.
"""

from __future__ import annotations

from typing import Any

from argosy.runtimes import frames
from argosy.runtimes.answers import Answer, failure
from argosy.runtimes.waiting import Request


class Streaming:
    """One generator that is being answered from."""

    def __init__(self, request: Request, answer: Answer) -> None:
        self.request = request
        self._answer = answer
        self._pieces: Any = answer.body
        self._held: list[bytes] = []
        self._begun = False

    def step(self) -> bool:
        """Fetch one piece and pass it on; False when that was the end."""
        try:
            piece = _as_bytes(next(self._pieces))
        except StopIteration:
            self._end()
            return False
        except (Exception, SystemExit) as error:
            self._break(failure(error))
            return False
        if self.request.streams:
            self._part(piece)
        else:
            self._held.append(piece)
        return True

    def close(self) -> None:
        """Nobody waits any more: let the generator clean up."""
        close = getattr(self._pieces, "close", None)
        if close is None:
            return
        try:
            close()
        except (Exception, SystemExit) as error:
            failure(error)  # to the log

    def _part(self, piece: bytes) -> None:
        head = b"" if self._begun else self._answer.head
        self._begun = True
        self._send(frames.PART, 0, head, piece)

    def _end(self) -> None:
        if not self.request.streams:
            self._send(frames.RESPONSE, self._answer.status, self._answer.head, self._joined())
            return
        if not self._begun:
            self._part(b"")
        self._send(frames.END, 200, b"", b"")

    def _joined(self) -> bytes:
        return b"".join(self._held)

    def _break(self, answer: Answer) -> None:
        kind = frames.END if self._begun else frames.RESPONSE
        status = 500 if self._begun else answer.status
        self._send(kind, status, answer.head, bytes(answer.body))

    def _send(self, kind: int, status: int, head: bytes, body: bytes) -> None:
        request = self.request
        request.connection.send(frames.encode(kind, request.request_id, status, head, body))


def _as_bytes(piece: Any) -> bytes:
    if isinstance(piece, str):
        return piece.encode()
    if isinstance(piece, (bytes, bytearray, memoryview)):
        return bytes(piece)
    raise TypeError(f"a streamed piece must be bytes or str, not {type(piece).__name__}")
