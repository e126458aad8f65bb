"""A request passed on to a server behind the edge, and its answer passed back, piece by piece.

Memory stays flat however large the bodies: whoever cannot keep up makes the other side wait. When
the hash of the body is known, its last piece is held back until the hash has proven true; a body
that is not the one that was signed never becomes complete at the server.
"""

import hashlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from argosy.access.errors import AuthError, Failure
from argosy.edge.connection import UPSTREAM
from argosy.edge.request import Request
from argosy.edge.upstream import Headers, Upstream, UpstreamConnection
from argosy.ground.errors import ApiError, ServiceUnavailable

if TYPE_CHECKING:
    from argosy.edge.gate import Gate

log = logging.getLogger(__name__)

_EARLY = 256 * 1024

# Headers that belong to one connection and not to the request or answer.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)

Edit = Callable[[int, Headers], Headers]


def is_bodiless(request: Request) -> bool:
    """Whether its head says that no body comes."""
    length = request.header("content-length")
    return length == b"0" or (length is None and request.header("transfer-encoding") is None)


class Relay:
    """One request on its way: the sink of its body, the user of an upstream connection."""

    def __init__(
        self,
        gate: "Gate",
        request: Request,
        upstream: Upstream,
        head: list[bytes],
        *,
        expected_hash: str = "",
        edit: Edit | None = None,
    ) -> None:
        """`head` is the request line and headers, without those that frame the body."""
        self._gate = gate
        self._request = request
        self._upstream = upstream
        self._head = head
        self._expected = expected_hash
        self._edit = edit
        self._digest = hashlib.sha256()
        self._held: bytes | None = None
        self._early: list[bytes] = []
        self._early_size = 0
        self._ended = False
        self._connection: UpstreamConnection | None = None
        self._answering = False
        self._answer_chunked = False
        self._length = request.header("content-length")
        self._chunked = self._length is None and request.header("transfer-encoding") is not None
        self._bodiless = is_bodiless(request)

    def start(self, *, fresh: bool = False) -> None:
        """Take the request's body from now on and look for a connection; `fresh`: a new one."""
        self._request.sink = self
        self._serve(fresh=fresh)

    def _serve(self, *, fresh: bool = False) -> None:
        head_only = self._request.method == b"HEAD"
        self._upstream.serve(self, without_body=head_only, fresh=fresh)

    # -- from the client

    def body(self, data: bytes) -> None:
        if self._ended:
            return
        if self._expected:
            self._digest.update(data)
            data, self._held = self._held or b"", data
        if data:
            self._pass_on(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def end(self) -> None:
        if self._ended:
            return
        if self._expected and self._digest.hexdigest() != self._expected:
            self._refuse(AuthError(Failure.PAYLOAD))
            return
        if self._held:
            held, self._held = self._held, None
            self._pass_on(b"%x\r\n%b\r\n" % (len(held), held) if self._chunked else held)
        self._ended = True
        if self._chunked:
            self._pass_on(b"0\r\n\r\n")

    def abandon(self) -> None:
        self._stop()

    def pause(self) -> None:
        if self._connection is not None:
            self._connection.pause()

    def resume(self) -> None:
        if self._connection is not None:
            self._connection.resume()

    def _pass_on(self, data: bytes) -> None:
        if self._connection is not None:
            self._connection.write(data)
            return
        self._early.append(data)
        self._early_size += len(data)
        if self._early_size > _EARLY:
            self._request.connection.hold(UPSTREAM)

    def _stop(self) -> None:
        """End the connection to the server: it must not take what it has for whole."""
        self._ended = True
        self._early = []
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
        self._request.connection.release(UPSTREAM)

    def _refuse(self, error: AuthError | ApiError) -> None:
        self._stop()
        if self._answering:
            self._request.connection.abort()
        else:
            self._gate.answer_error(self._request, error)

    # -- from the upstream connection

    def connected(self, connection: UpstreamConnection) -> None:
        if self._gone():
            connection.abort()
            return
        self._connection = connection
        # Released first: what is written may fill the connection, and then the client waits on.
        self._request.connection.release(UPSTREAM)
        connection.writelines([self._whole_head(), *self._body_so_far()])
        if not self._request.complete:
            self._gate.go_on(self._request)

    def _whole_head(self) -> bytes:
        framing = b""
        if self._chunked:
            framing = b"Transfer-Encoding: chunked\r\n"
        elif self._length is not None:
            framing = b"Content-Length: %b\r\n" % self._length
        return b"".join((*self._head, framing, b"\r\n"))

    def _body_so_far(self) -> list[bytes]:
        early, self._early = self._early, []
        return early

    def unreachable(self, reason: str) -> None:
        log.error("%s", reason)
        self._unavailable()

    def upstream_full(self) -> None:
        self._request.connection.hold(UPSTREAM)

    def upstream_takes(self) -> None:
        self._request.connection.release(UPSTREAM)

    def upstream_lost(self) -> None:
        connection, self._connection = self._connection, None
        if self._gone():
            return
        if connection is not None and not self._answering and self._repeatable(connection):
            self._serve(fresh=True)
        else:
            self._unavailable()

    def _repeatable(self, connection: UpstreamConnection) -> bool:
        """Whether it may be sent again, over another connection than this one, which was lost.

        Only what reads; and only if the server may have closed the connection while it was idle.
        """
        return connection.used and self._bodiless and self._request.method in (b"GET", b"HEAD")

    def _unavailable(self) -> None:
        if not self._gone():
            self._refuse(ServiceUnavailable(f"{self._upstream.name} cannot be reached. Try again."))

    def _gone(self) -> bool:
        return self._request.connection.current is not self._request

    def answer_begins(self, status: int, reason: bytes, headers: Headers) -> None:
        request = self._request
        if self._edit is not None:
            headers = self._edit(status, headers)
        names = {name.lower() for name, _ in headers}
        bodiless = request.method == b"HEAD" or status in (204, 304)
        self._answer_chunked = b"content-length" not in names and not bodiless
        lines = [b"HTTP/1.1 %d %b" % (status, reason)]
        lines += [
            b"%b: %b" % (name, value) for name, value in headers if name.lower() not in HOP_BY_HOP
        ]
        if b"x-amzn-requestid" not in names:
            number = request.request_id or self._gate.request_id()
            lines.append(b"x-amzn-RequestId: " + number)
        if self._answer_chunked and not request.connection.speaks_1_1():
            self._answer_chunked = request.keep_alive = False
        if self._answer_chunked:
            lines.append(b"Transfer-Encoding: chunked")
        if request.expects and not request.complete:
            request.keep_alive = False
        if not request.keep_alive:
            lines.append(b"Connection: close")
        self._answering = True
        request.connection.write(request, b"\r\n".join(lines) + b"\r\n\r\n")

    def answer_goes_on(self, data: bytes) -> None:
        if self._answer_chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self._request.connection.write(self._request, data)

    def answer_ends(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release(reusable=self._ended or self._bodiless)
        self._ended = True
        self._request.connection.release(UPSTREAM)
        self._request.connection.answer(
            self._request, b"0\r\n\r\n" if self._answer_chunked else b""
        )
