"""The object store behind the edge: authenticated here, streamed through.

The built-in store gets the request as it came, Host included, and checks the signature once more;
what was signed with temporary credentials, which it does not know, it gets signed anew. So does
an external S3, with the keys for it. It refuses to interpret S3 operations.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from argosy.access.canonical import UNSIGNED_PAYLOAD, Asked, split_query
from argosy.access.sigv4 import SigningKeys, sign
from argosy.edge.encryption import with_own_key
from argosy.edge.identify import Caller, is_hash
from argosy.edge.object_line import ObjectLine
from argosy.edge.object_writes import Write, meaning
from argosy.edge.relay import HOP_BY_HOP, Edit, Relay
from argosy.edge.request import Request
from argosy.edge.route import is_bucket
from argosy.edge.upstream import Headers, Upstream
from argosy.edge.watched import WatchedRelay
from argosy.ground.errors import ApiError

if TYPE_CHECKING:
    from argosy.edge.gate import Gate

_SIGNED_CHUNKS = "STREAMING-AWS4-"
_TYPE = "binary/octet-stream"
_QUERY_AUTH = frozenset(
    {"AWSAccessKeyId", "Signature", "Expires"}
    | {
        f"X-Amz-{name}"
        for name in (
            "Algorithm",
            "Credential",
            "Date",
            "Expires",
            "SignedHeaders",
            "Signature",
            "Security-Token",
        )
    }
    | {"x-amz-security-token"}
)
_OF_PUTS = _QUERY_AUTH | {"partNumber", "uploadId", "x-id"}
_REPLACED = frozenset(
    {"host", "authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "date"}
)


class NotImplementedByEdge(ApiError):
    """A way of asking that an external S3 cannot be asked in."""

    status = 501

    @property
    def code(self) -> str:
        return "NotImplemented"


@dataclass(frozen=True)
class External:
    """An S3 elsewhere and how to sign for it."""

    host: str
    key_id: str
    secret: str
    region: str
    keys: SigningKeys


class Store:
    """Passes S3 requests on."""

    def __init__(
        self, upstream: Upstream, region: str, external: External | None, line: ObjectLine
    ) -> None:
        """`line`: on which control is told of writes to buckets with notifications."""
        self.upstream = upstream
        self._line = line
        self._region = region
        self._external = external
        self._keys = SigningKeys()

    def begin(self, gate: "Gate", request: Request) -> None:
        """Check who asks, by the head; then let the body flow. Raises AuthError, ApiError."""
        asked = request.asked()
        known = gate.identifier.of_head(asked)
        payload = UNSIGNED_PAYLOAD if known is None else known[1]
        caller = None if known is None else known[0]
        head = self._head(gate, request, asked, payload, caller)
        expected = payload if is_hash(payload) else ""
        edit, write = self._edit(request), _watched(gate, request, asked)
        if write is None:
            relay = Relay(gate, request, self.upstream, head, expected_hash=expected, edit=edit)
        else:
            relay = WatchedRelay(
                gate,
                request,
                self.upstream,
                head,
                write=write,
                told=_told(gate, request, write, caller),
                line=self._line,
                expected_hash=expected,
                edit=edit,
            )
        relay.start()

    def _head(
        self, gate: "Gate", request: Request, asked: Asked, payload: str, caller: Caller | None
    ) -> list[bytes]:
        """Request line and headers for the store: as they came, unless others must be signed."""
        external = self._external
        if external is not None:
            if caller is not None:
                return _resigned(request, asked, payload, external)
            return _unsigned(request, asked, external)
        changed = with_own_key(asked.headers)
        if caller is None or (changed is None and not caller.root):
            return [_line(request, request.target), *forwarded(request), *_typed(request, asked)]
        key_id = caller.root or next(iter(gate.identifier.keys))
        secret = gate.identifier.keys[key_id]["secret"]
        again = External(asked.headers["host"], key_id, secret, self._region, self._keys)
        headers = asked.headers if changed is None else changed
        if _typed(request, asked):
            headers = {**headers, "content-type": _TYPE}
        return _resigned(request, replace(asked, headers=headers), payload, again)

    def _edit(self, request: Request) -> Edit | None:
        """HeadBucket tells the region, which the built-in store forgets."""
        if request.method != b"HEAD" or not is_bucket(request.path):
            return None
        region = self._region.encode()

        def add_region(status: int, headers: Headers) -> Headers:
            there = any(name.lower() == b"x-amz-bucket-region" for name, _ in headers)
            return headers if there else [*headers, (b"x-amz-bucket-region", region)]

        return add_region


def _watched(gate: "Gate", request: Request, asked: Asked) -> Write | None:
    """What a write does that is told of; None for all others, at the cost of one look."""
    notified = gate.table.notified
    if not notified or request.method in (b"GET", b"HEAD"):
        return None
    write = meaning(asked.method, asked.path, asked.query, asked.headers)
    return write if write is not None and write.bucket in notified else None


def _told(gate: "Gate", request: Request, write: Write, caller: Caller | None) -> dict[str, Any]:
    """What control is told of who writes."""
    request.request_id = gate.request_id()
    transport = request.connection.transport
    peer = transport.get_extra_info("peername") if transport is not None else None
    asker = {
        "principal": caller.user_id if caller is not None else "Anonymous",
        "source_ip": str(peer[0]) if isinstance(peer, tuple) else "127.0.0.1",
        "request_id": request.request_id.decode(),
        "trace": request.text("x-amzn-trace-id"),
    }
    return {"account": gate.table.notified[write.bucket], "asker": asker}


def _typed(request: Request, asked: Asked) -> list[bytes]:
    """S3's own type for an object, or a part of one, that is put without any.

    Left to itself the built-in store takes a table for text and packs it, and then spends four
    times as long on reading it. Signatures of version 2 cover the type: what has one stays as it
    is. Source of the type: S3 API reference, GetObject.
    """
    headers = asked.headers
    if asked.method != "PUT" or "content-type" in headers or "x-amz-copy-source" in headers:
        return []
    names = {unquote(name) for name, _ in split_query(asked.query)}
    if is_bucket(request.path) or names - _OF_PUTS:
        return []
    v4 = headers.get("authorization", "").startswith("AWS4-") or "X-Amz-Algorithm" in names
    return [f"Content-Type: {_TYPE}\r\n".encode()] if v4 else []


def forwarded(request: Request, leave_out: Iterable[str] = ()) -> list[bytes]:
    """The header lines that go on: all but those of the connection, and our own from outside."""
    signed = request.text("authorization")
    dropped = set(leave_out) | {"content-length"}
    if "expect" not in signed.partition("SignedHeaders=")[2].partition(",")[0].split(";"):
        dropped.add("expect")
    return [
        b"%b: %b\r\n" % (name.encode("latin-1"), value)
        for name, value in zip(request.shape.names, request.values, strict=True)
        if name not in dropped
        and name.encode("latin-1") not in HOP_BY_HOP
        and not name.startswith("x-argosy-")
    ]


def _line(request: Request, target: bytes) -> bytes:
    return b"%b %b HTTP/1.1\r\n" % (request.method, target)


def _unsigned(request: Request, asked: Asked, external: External) -> list[bytes]:
    if asked.method == "POST" and request.text("content-type").startswith("multipart/form-data"):
        raise NotImplementedByEdge(
            "POST policy uploads are signed for this server and cannot be passed on to an external "
            "S3. Use a presigned PUT."
        )
    host = b"Host: %b\r\n" % external.host.encode()
    return [_line(request, request.target), host, *forwarded(request, ["host"])]


def _resigned(request: Request, asked: Asked, payload: str, external: External) -> list[bytes]:
    if payload.startswith(_SIGNED_CHUNKS):
        raise NotImplementedByEdge(
            "Bodies whose chunks are signed cannot be passed on to an external S3, nor with "
            "temporary credentials. Sign the payload as a whole, or send it unsigned."
        )
    query = "&".join(
        f"{name}={value}" if value else name
        for name, value in split_query(asked.query)
        if unquote(name) not in _QUERY_AUTH
    )
    kept = {
        name: value
        for name, value in asked.headers.items()
        if name not in _REPLACED
        and (name.startswith("x-amz-") or name in ("content-type", "content-md5"))
    }
    added = sign(
        Asked(asked.method, asked.path, query, {"host": external.host, **kept}),
        payload,
        key_id=external.key_id,
        secret=external.secret,
        region=external.region,
        service="s3",
        now=time.time(),
        keys=external.keys,
    )
    target = asked.path + (f"?{query}" if query else "")
    sent = {"host": external.host, **kept, **added}
    lines = [f"{name}: {value}\r\n" for name, value in sent.items()]
    return [
        _line(request, target.encode("latin-1")),
        *(line.encode("latin-1") for line in lines),
        *forwarded(request, _REPLACED | kept.keys()),
    ]
