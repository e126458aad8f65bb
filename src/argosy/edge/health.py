"""Whether the platform is up, found by asking: any answer in HTTP means that somebody is there."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from argosy.edge import answers
from argosy.edge.request import Request
from argosy.edge.upstream import Headers, Upstream, UpstreamConnection

if TYPE_CHECKING:
    from argosy.edge.gate import Gate

_TIMEOUT_S = 2.0
_PROBE = b"GET / HTTP/1.1\r\nHost: argosy\r\nConnection: close\r\n\r\n"


class Health:
    """Answers health checks; one round of probes serves all who ask meanwhile."""

    def __init__(self, upstreams: dict[str, Upstream]) -> None:
        self._upstreams = upstreams
        self._waiting: list[Request] = []
        self._missing: set[str] = set()

    def answer(self, gate: "Gate", request: Request) -> None:
        """Answer when every upstream has, or after two seconds."""
        request.waiter = self
        self._waiting.append(request)
        if len(self._waiting) > 1:
            return
        self._missing = set(self._upstreams)
        timer = gate.loop.call_later(_TIMEOUT_S, self._finish, gate)

        def there(name: str) -> None:
            self._missing.discard(name)
            if not self._missing and self._waiting:
                timer.cancel()
                self._finish(gate)

        for name, upstream in self._upstreams.items():
            upstream.serve(_Probe(name, there), fresh=True)

    def abandon(self) -> None:
        """One of those who asked is gone; its answer will be dropped."""

    def _finish(self, gate: "Gate") -> None:
        missing = [f"{name} does not answer" for name in sorted(self._missing)]
        if gate.table.version < 0:
            missing.append("no routing table has come yet")
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            status = 503 if missing else 200
            value = {"status": "unavailable", "missing": missing} if missing else {"status": "ok"}
            head_only = request.method == b"HEAD"
            data = answers.plain_json(status, value, gate.request_id(), head_only=head_only)
            request.connection.answer(request, data)


class _Probe:
    """A user of an upstream connection that wants any answer."""

    def __init__(self, name: str, there: Callable[[str], None]) -> None:
        self._name = name
        self._there = there
        self._connection: UpstreamConnection | None = None

    def connected(self, connection: UpstreamConnection) -> None:
        self._connection = connection
        connection.write(_PROBE)

    def answer_begins(self, status: int, reason: bytes, headers: Headers) -> None:
        if self._connection is not None:
            self._connection.abort()
        self._there(self._name)

    def answer_goes_on(self, data: bytes) -> None:
        """The head was enough."""

    def answer_ends(self) -> None:
        """The head was enough."""

    upstream_lost = upstream_full = upstream_takes = answer_ends

    def unreachable(self, reason: str) -> None:
        """Not there: the round ends without it."""
