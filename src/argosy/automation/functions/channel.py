"""The engine's end of the socket to a Python environment: frames in, frames out.

The frames are those of `argosy.runtimes.function`. What comes is not trusted: whatever is not a
frame of reasonable size ends the connection.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from argosy.runtimes.function import HEAD, MAX_ANSWER

_LARGEST_HEAD = 64 << 10


class Channel(asyncio.Protocol):
    """One connection: `on_frame` takes what comes, `on_lost` is called when nothing more will."""

    def __init__(self) -> None:
        self.on_frame: Callable[[bytes, dict[str, Any], bytes], None] = lambda *frame: None
        self.on_lost: Callable[[], None] = lambda: None
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= HEAD.size:
            letter, head, body = HEAD.unpack_from(self._buffer)
            if head > _LARGEST_HEAD or body > MAX_ANSWER:
                self.close()
                return
            end = HEAD.size + head + body
            if len(self._buffer) < end:
                return
            text = bytes(self._buffer[HEAD.size : HEAD.size + head])
            content = bytes(self._buffer[HEAD.size + head : end])
            del self._buffer[:end]
            self._take(letter, text, content)

    def connection_lost(self, error: Exception | None) -> None:
        self.on_lost()

    def send(self, letter: bytes, head: Mapping[str, Any], body: bytes = b"") -> None:
        """One frame in one write."""
        if self._transport is not None:
            text = json.dumps(head).encode()
            self._transport.write(HEAD.pack(letter, len(text), len(body)) + text + body)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _take(self, letter: bytes, text: bytes, content: bytes) -> None:
        try:
            head = json.loads(text)
        except ValueError:
            head = None
        if isinstance(head, dict):
            self.on_frame(letter, head, content)
        else:
            self.close()
