"""One request and one answer of the distribution protocol, and its errors."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from argosy.api.asgi import ClientGone, Receive, Send
from argosy.oci.names import Owner


class OciError(Exception):
    """An error as the specification codes it; `headers` go with it."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class Asked:
    """A request; its body is still to come."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    owner: Owner
    receive: Receive

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The body as it comes. Raises ClientGone when it ends early."""
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            yield message.get("body", b"")
            more = message.get("more_body", False)

    async def body(self, most: int) -> bytes:
        """The whole of a small body. Raises OciError, ClientGone."""
        collected = bytearray()
        async with aclosing(self.pieces()) as pieces:
            async for piece in pieces:
                collected += piece
                if len(collected) > most:
                    raise OciError(413, "SIZE_INVALID", f"The body is larger than {most} bytes.")
        return bytes(collected)


@dataclass(frozen=True)
class Reply:
    """An answer; `stream` instead of `body` where it is large, of `length` bytes in all."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None
    length: int | None = None


def as_json(value: Any, headers: Mapping[str, str] | None = None, status: int = 200) -> Reply:
    return Reply(
        status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(value).encode()
    )


def as_error(error: OciError) -> Reply:
    body = {"errors": [{"code": error.code, "message": error.message}]}
    return as_json(body, error.headers, error.status)


async def send_reply(reply: Reply, request_id: str, *, head_only: bool, send: Send) -> None:
    """Put an answer on the wire; of one to HEAD only the head."""
    length = len(reply.body) if reply.length is None else reply.length
    headers = {
        "Docker-Distribution-Api-Version": "registry/2.0",
        "x-amzn-RequestId": request_id,
        **reply.headers,
    }
    if reply.status != 204:
        headers["Content-Length"] = str(length)
    raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    if reply.stream is not None and not head_only:
        async for piece in reply.stream:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    body = b"" if head_only else reply.body
    await send({"type": "http.response.body", "body": body})
