"""Compressed bodies, for APIs with a minimumCompressionSize: gzip, both ways, within bounds."""

import asyncio
import gzip
import zlib
from dataclasses import replace

from argosy.automation.gateway.errors import Refused
from argosy.ground.doors import DoorAnswer, DoorRequest

MAX_BODY = 10 << 20
_LEVEL = 6
_GZIP = 16 + zlib.MAX_WBITS
_SMALL = 64 * 1024


def expanded(request: DoorRequest) -> DoorRequest:
    """The request with its body as it was before it was compressed. Raises Refused."""
    encoding = (request.header("content-encoding") or "").strip().lower()
    if encoding in ("", "identity"):
        return request
    if encoding != "gzip":
        raise Refused("UNSUPPORTED_MEDIA_TYPE")
    machine = zlib.decompressobj(_GZIP)
    try:
        body = machine.decompress(request.body, MAX_BODY)
    except zlib.error:
        raise Refused("BAD_REQUEST_BODY") from None
    if machine.unconsumed_tail:
        raise Refused("REQUEST_TOO_LARGE")
    if not machine.eof:
        raise Refused("BAD_REQUEST_BODY")
    kept = tuple(pair for pair in request.headers if pair[0] != "content-encoding")
    return replace(request, headers=kept, body=body)


async def compress(request: DoorRequest, answer: DoorAnswer, least: int) -> None:
    """Compress an answer of `least` bytes and more for a client that takes gzip."""
    accepted = (request.header("accept-encoding") or "").lower()
    encoded = any(name.lower() == "content-encoding" for name, _ in answer.headers)
    if encoded or len(answer.body) < max(least, 1) or "gzip" not in accepted:
        return
    if len(answer.body) < _SMALL:
        answer.body = gzip.compress(answer.body, _LEVEL)
    else:
        answer.body = await asyncio.to_thread(gzip.compress, answer.body, _LEVEL)
    answer.headers.append(("Content-Encoding", "gzip"))
