"""JupyterLab of notebook instances behind the public port: who has a session passes, nobody else.

Each request bears the cookie of a session (`ground.notebooks`), which is checked here alone, and
comes from the site's own pages or from a program: what another page has a browser send is refused.
JupyterLab never sees the cookie. Bodies are streamed; WebSockets become tunnels. When an instance
leaves the routing table, or was started anew, what is open to it is cut.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from argosy.edge import answers
from argosy.edge.relay import Relay
from argosy.edge.request import Request
from argosy.edge.store import forwarded
from argosy.edge.tunnel import Tunnel
from argosy.edge.upstream import unix_upstream
from argosy.ground import notebooks as sites
from argosy.ground.errors import RequestTooLong, ServiceUnavailable
from argosy.ground.routes import NotebookEntry

if TYPE_CHECKING:
    from argosy.edge.gate import Gate

MAX_REQUESTS = 128
"""Of one instance, through one edge, at a time."""
MAX_TUNNELS = 64
MAX_BODY = 512 * 1024 * 1024
"""What JupyterLab itself takes at most."""
_IDLE_CONNECTIONS = 16
_HEADERS = ("cookie", "authorization", "x-amz-security-token")
"""Not passed on as they came."""
_OWN = ("", "none", "same-origin")

_FOREIGN = "A page of another site sent this request. Open JupyterLab in a window of its own."
_BUSY = "Too many requests or WebSockets are open to this notebook instance. Close some, try again."
_SILENT = (
    "JupyterLab of this notebook instance does not answer. CreatePresignedNotebookInstanceUrl "
    "starts it again if it has ended."
)


class Notebooks:
    """The sites of one edge."""

    def __init__(self) -> None:
        self._sites: dict[str, Site] = {}

    def take(self, entries: Mapping[str, NotebookEntry]) -> None:
        """These are there now, as the routing table has them."""
        for name, site in list(self._sites.items()):
            if entries.get(name) != site.entry:
                del self._sites[name]
                site.close()
        for name, entry in entries.items():
            if name not in self._sites:
                self._sites[name] = Site(entry)

    def begin(self, gate: "Gate", request: Request, path: str) -> None:
        """The head is there: pass the request on, or say why not. Raises ServiceUnavailable before
        the first routing table, RequestTooLong."""
        name, rest = sites.split_path(path)
        site = self._sites.get(name)
        if site is None and not gate.has_table.is_set():
            raise ServiceUnavailable("The platform is starting. Try again.")
        if site is None:
            _say(request, 404, "Not running", sites.NOT_SERVED)
            return
        cookie, secret = sites.cookie_of(_cookies(request)), site.entry["secret"]
        until = sites.session_ends(secret, cookie, time.time())
        if not rest and until is None and request.method == b"GET":
            _redirect(request, sites.site_path(name))  # the cookie is that path's
        elif until is None:
            _say(request, 403, "No session", sites.NO_SESSION)
        elif is_foreign(request):
            _say(request, 403, "Refused", _FOREIGN)
        else:
            site.begin(gate, request, until)

    def sweep(self, now: float) -> None:
        """End what takes too long; `now` is the loop's time."""
        for site in self._sites.values():
            site.sweep(now)


class Site:
    """One instance's JupyterLab, and what is open to it."""

    def __init__(self, entry: NotebookEntry) -> None:
        self.entry = entry
        self._path = entry["address"].removeprefix("unix:")
        self._upstream = unix_upstream("JupyterLab", self._path, keep=_IDLE_CONNECTIONS)
        self._relays: set[_SiteRelay] = set()
        self._tunnels: set[Tunnel] = set()

    def begin(self, gate: "Gate", request: Request, until: float) -> None:
        """Pass a request on that may pass; `until`: when its session ends, epoch seconds."""
        length = request.text("content-length")
        if length and int(length) > MAX_BODY:
            raise RequestTooLong(_too_long())
        wants_tunnel = _is_websocket(request)
        if len(self._tunnels) >= MAX_TUNNELS if wants_tunnel else self._is_full():
            _say(request, 503, "Busy", _BUSY)
            return
        head = [b"%b %b HTTP/1.1\r\n" % (request.method, request.target), *_passed_on(request)]
        if wants_tunnel:
            lines = b"".join(head) + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
            request.tunnel = Tunnel(self._path, lines, until, self._tunnels.discard)
            self._tunnels.add(request.tunnel)
        else:
            relay = _SiteRelay(gate, request, self._upstream, head)
            relay.users = self._relays
            self._relays.add(relay)
            relay.start()

    def sweep(self, now: float) -> None:
        self._upstream.sweep(now)
        for tunnel in tuple(self._tunnels):
            tunnel.sweep(now)

    def close(self) -> None:
        """Cut everything that is open to it."""
        for tunnel in tuple(self._tunnels):
            tunnel.close()
        for relay in tuple(self._relays):
            relay.cut()

    def _is_full(self) -> bool:
        return len(self._relays) >= MAX_REQUESTS


class _SiteRelay(Relay):
    """A request on its way to JupyterLab, and how much of its body has come."""

    users: "set[_SiteRelay]"
    """Who has it among them as long as it is under way."""
    _taken = 0

    def cut(self) -> None:
        """The session is over: break off."""
        self._stop()
        self._request.connection.abort()

    def body(self, data: bytes) -> None:
        self._taken += len(data)
        if self._taken > MAX_BODY and not self._ended:
            self._refuse(RequestTooLong(_too_long()))
        else:
            super().body(data)

    def answer_ends(self) -> None:
        self.users.discard(self)
        super().answer_ends()

    def _stop(self) -> None:
        self.users.discard(self)
        super()._stop()

    def _unavailable(self) -> None:
        if self._answering or self._gone():
            super()._unavailable()
        else:
            self._stop()
            _say(self._request, 503, "Not running", _SILENT)


def is_foreign(request: Request) -> bool:
    """Whether another site's page made a browser send this.

    Browsers send Origin with WebSockets and with all that could change something, and where the
    connection is safe Sec-Fetch-Site with everything. Another port is another site here. Whoever
    stands between a browser and this port has to pass Host on unchanged.
    """
    origin = request.header("origin")
    if origin is not None:
        place = origin.decode("latin-1").partition("://")[2].lower()
        return not place or place != request.text("host").lower()
    if request.text("sec-fetch-mode") == "navigate":
        return False
    return request.text("sec-fetch-site") not in _OWN


def _is_websocket(request: Request) -> bool:
    upgrades = request.connection.upgrades and request.method == b"GET"
    return upgrades and request.text("upgrade").lower() == "websocket"


def _cookies(request: Request) -> str:
    """All Cookie headers as one."""
    pairs = zip(request.shape.names, request.values, strict=True)
    return "; ".join(value.decode("latin-1") for name, value in pairs if name == "cookie")


def _passed_on(request: Request) -> list[bytes]:
    lines = forwarded(request, _HEADERS)
    cookies = sites.without_session(_cookies(request))
    return [*lines, b"Cookie: %b\r\n" % cookies.encode("latin-1")] if cookies else lines


def _too_long() -> str:
    return f"A body for JupyterLab has at most {MAX_BODY >> 20} MiB."


def _redirect(request: Request, path: str) -> None:
    headers = {"Location": path, "Cache-Control": "no-store"}
    request.connection.answer(request, answers.head(307, headers, 0))


def _say(request: Request, status: int, title: str, text: str) -> None:
    """Answer with a page."""
    headers, body = sites.page(title, text)
    if not request.keep_alive or (request.expects and not request.complete):
        headers["Connection"] = "close"
    head = answers.head(status, headers, len(body))
    request.connection.answer(request, head if request.method == b"HEAD" else head + body)
