"""A model worker for tests of the edge: speaks frames, predicts by simple rules, can misbehave.

    python -m tests.support.frame_worker SOCKET NAME [--odd BYTES]

The body says what to do; anything else is answered with what was asked for:

    echo                      the same bytes, content type of the request
    {"sleep": s}              an answer after s seconds
    {"status": n, "text": t}  status n, body t
    {"stream": [t, …], "break": bool, "every": s}    parts (for STREAM), then END
    {"die": true}             the process ends without an answer
    {"size": n}               n bytes
    {"tell": true}            JSON: worker's name, head, length and SHA-256 of the body, and how
                              many were asked for before

With --odd whatever is echoed comes back as so many bytes. It refuses to load models.
"""

import asyncio
import hashlib
import itertools
import json
import os
import sys
from typing import Any, cast

from argosy.runtimes import frames

_ODD = int(sys.argv[4]) if "--odd" in sys.argv else 0


class Worker(asyncio.Protocol):
    """One connection of an edge."""

    def __init__(self, name: str, cancelled: list[int]) -> None:
        self._name = name
        self._cancelled = cancelled
        self._told_before = itertools.count()
        self._buffer = bytearray()
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= frames.HEAD_SIZE:
            length, call, _, head_length, kind = frames.HEAD.unpack_from(self._buffer)
            end = frames.HEAD_SIZE + length
            if len(self._buffer) < end:
                return
            head = bytes(self._buffer[frames.HEAD_SIZE : frames.HEAD_SIZE + head_length])
            body = bytes(self._buffer[frames.HEAD_SIZE + head_length : end])
            del self._buffer[:end]
            self._take(kind, call, frames.decode_head(head), body)

    def _take(self, kind: int, call: int, head: dict[str, str], body: bytes) -> None:
        if kind == frames.CANCEL:
            self._cancelled.append(call)
            timer = self._timers.pop(call, None)
            if timer is not None:
                timer.cancel()
            return
        try:
            asked = json.loads(body)
        except ValueError:
            asked = None
        self._obey(asked if isinstance(asked, dict) else {}, kind, call, head, body)

    def _obey(
        self, asked: dict[str, Any], kind: int, call: int, head: dict[str, str], body: bytes
    ) -> None:
        if "die" in asked:
            os._exit(9)
        if "sleep" in asked:
            loop = asyncio.get_running_loop()
            self._timers[call] = loop.call_later(
                asked["sleep"], self._answer, call, 200, b"slept", head
            )
        elif "stream" in asked:
            self._stream(asked, call)
        elif "status" in asked:
            self._answer(call, asked["status"], asked["text"].encode(), head)
        elif "size" in asked:
            self._answer(call, 200, b"x" * asked["size"], head)
        elif "tell" in asked:
            self._answer(call, 200, self._told(head, body), {"content-type": "application/json"})
        else:
            self._answer(call, 200, b"x" * _ODD if _ODD else body, head)

    def _told(self, head: dict[str, str], body: bytes) -> bytes:
        return json.dumps(
            {
                "worker": self._name,
                "head": head,
                "length": len(body),
                "sha256": hashlib.sha256(body).hexdigest(),
                "cancelled": len(self._cancelled),
                "before": next(self._told_before),
            }
        ).encode()

    def _answer(self, call: int, status: int, body: bytes, head: dict[str, str]) -> None:
        fields = {
            "content-type": head.get("content-type", ""),
            **{name: v for name, v in head.items() if name == "custom-attributes"},
        }
        if head.get("session-id") == "NEW_SESSION":
            fields["new-session-id"] = "s-1; Expires=2030-01-01T00:00:00Z"
        encoded = frames.encode_head(fields)
        self._transport.write(frames.encode(frames.RESPONSE, call, status, encoded, body))

    def _stream(self, asked: dict[str, Any], call: int) -> None:
        parts = list(asked["stream"])

        def step() -> None:
            if call in self._cancelled:
                return
            if parts:
                head = frames.encode_head({"content-type": "text/plain"})
                part = parts.pop(0).encode()
                self._transport.write(frames.encode(frames.PART, call, 200, head, part))
                asyncio.get_running_loop().call_later(asked.get("every", 0), step)
            elif asked.get("break"):
                self._transport.write(frames.encode(frames.END, call, 500, b"", b"it broke"))
            else:
                self._transport.write(frames.encode(frames.END, call, 200))

        step()


async def main(path: str, name: str) -> None:
    """Serve for ever."""
    cancelled: list[int] = []
    loop = asyncio.get_running_loop()
    await loop.create_unix_server(lambda: Worker(name, cancelled), path)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
