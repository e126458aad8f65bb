"""Bodies that a client has compressed, for services whose model allows it for an operation.

Refuses what does not say what it is, and what would become larger than control takes at once.
"""

import zlib
from dataclasses import replace

from argosy.ground.errors import SerializationException
from argosy.wire.http import HttpRequest
from argosy.wire.service import Service

MOST_BYTES = 10 << 20
_GZIP = 16 + zlib.MAX_WBITS


def plain(service: Service, request: HttpRequest) -> HttpRequest:
    """The request with its body as it was before. Raises SerializationException."""
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity") or not service.compresses:
        return request
    if encoding != "gzip":
        raise SerializationException(
            f"The Content-Encoding {encoding[:64]!r} is not known: use gzip."
        )
    return replace(request, body=_expanded(request.body))


def _expanded(body: bytes) -> bytes:
    machine = zlib.decompressobj(_GZIP)
    try:
        expanded = machine.decompress(body, MOST_BYTES)
    except zlib.error:
        raise SerializationException("The body is not valid gzip.") from None
    if machine.unconsumed_tail:
        raise SerializationException(f"The body expands to more than {MOST_BYTES >> 20} MiB.")
    if not machine.eof:
        raise SerializationException("The body's gzip ends too early.")
    return expanded
