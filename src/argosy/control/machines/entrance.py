"""Where links into JupyterLab are exchanged for sessions: what comes with a token to a site.

The link is used up by that, in the same transaction; a browser that has a session already is let
in all the same. What follows, edges check alone (`argosy.edge.notebooks`).
"""

from urllib.parse import parse_qs

from argosy.ground import notebooks as sites
from argosy.ground.doors import DoorAnswer, DoorRequest
from argosy.means import Means
from argosy.state.machines import Machine
from argosy.state.notebook_links import redeemed
from argosy.state.notebooks import IN_SERVICE, NOTEBOOK, site_of
from argosy.state.record import Record

_OVER = (
    "This link has been used or has ended: it is good once, and for five minutes. "
    "CreatePresignedNotebookInstanceUrl answers another one."
)


class Entrance:
    """A `Door` for `ground.notebooks.PREFIX`."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def __call__(self, request: DoorRequest) -> DoorAnswer:
        site, _ = sites.split_path(sites.PREFIX + request.path)
        token = parse_qs(request.query).get(sites.TOKEN, [""])[0]
        with self._means.records.transaction():
            record = self._found(site)
            if record is None:
                return _page(404, "Not running", sites.NOT_SERVED)
            seconds = self._redeemed(record, token)
        machine, now = record.document["machine"], self._means.clock.now()
        if seconds:
            return _enter(site, self._cookie(site, machine, seconds, now))
        cookie = sites.cookie_of(request.header("cookie") or "")
        if sites.session_ends(machine["secret"], cookie, now) is not None:
            return _enter(site)
        return _page(403, "This link is not good any more", _OVER)

    def _found(self, site: str) -> Record | None:
        found = self._means.records.find(NOTEBOOK, statuses=[IN_SERVICE])
        return next((record for record in found if site_of(record) == site), None)

    def _redeemed(self, record: Record, token: str) -> int:
        now = self._means.clock.now()
        machine, seconds = redeemed(record.document["machine"], token, now)
        if seconds:
            document = {**record.document, "machine": machine}
            self._means.records.update(record, now=now, document=document, touch=False)
        return seconds

    def _cookie(self, site: str, machine: Machine, seconds: int, now: float) -> str:
        value = sites.new_session(machine["secret"], now + seconds)
        secure = "; Secure" if self._means.settings.tls_cert else ""
        return (
            f"{sites.COOKIE}={value}; Path={sites.site_path(site)}; Max-Age={seconds}; HttpOnly; "
            f"SameSite=Lax{secure}"
        )


def _enter(site: str, cookie: str = "") -> DoorAnswer:
    headers = [
        ("Location", f"{sites.site_path(site)}lab"),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
    ]
    return DoorAnswer(303, [*headers, ("Set-Cookie", cookie)] if cookie else headers)


def _page(status: int, title: str, text: str) -> DoorAnswer:
    headers, body = sites.page(title, text)
    return DoorAnswer(status, list(headers.items()), body)
