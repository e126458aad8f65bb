"""A call of control: a request that is there whole, and is kept until its answer begins.

So it can be sent again when the connection it was sent on was no good: one that control had closed
while it was idle, or closed with the call unread, as a control does that is killed or restarted.
A call that control may have read to its end is never sent again, whatever its method: nobody can
tell whether it was carried out, and the client is told so.
"""

from typing import TYPE_CHECKING

from argosy.edge.relay import Relay
from argosy.edge.request import Request
from argosy.edge.upstream import Upstream, UpstreamConnection

if TYPE_CHECKING:
    from argosy.edge.gate import Gate

_REPEATS = 3
"""More than one: a control that is dying may still let us connect, and then reset that too."""


class Call(Relay):
    """One call; the upstream must be on a Unix socket and do nothing before it has a call whole."""

    def __init__(
        self, gate: "Gate", request: Request, upstream: Upstream, head: list[bytes]
    ) -> None:
        """As a relay. Takes the body that the request has collected; its room is given back when
        the request is answered."""
        super().__init__(gate, request, upstream, head)
        self._parts, request.parts = request.parts, []
        self._ended = True
        self._repeats = _REPEATS
        if self._chunked:
            self._chunked, self._length = False, b"%d" % request.size

    def _body_so_far(self) -> list[bytes]:
        return self._parts

    def _repeatable(self, connection: UpstreamConnection) -> bool:
        self._repeats -= 1
        return connection.untaken and self._repeats >= 0
