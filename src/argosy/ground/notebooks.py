"""Where JupyterLab of a notebook instance is reached, and who may come in. Pure.

    /_aws/notebook/NAME-1a2b3c4d/…     its site, on the public port

A link (`TOKEN` in the site's query) is exchanged by control, once, for a session: a cookie bound
to the site's path that says when it is over and proves it by an HMAC with the start's secret. Edges
check it alone. Nobody needs to remember sessions: another secret ends them all.
"""

import hashlib
import hmac
import math
import secrets
from html import escape

PREFIX = "/_aws/notebook/"
TOKEN = "authToken"
COOKIE = "argosy-notebook"
_SITE_DIGITS = 8

NO_SESSION = (
    "You have no session here, or it has ended. CreatePresignedNotebookInstanceUrl answers a link "
    "that opens one: aws sagemaker create-presigned-notebook-instance-url."
)
NOT_SERVED = (
    "JupyterLab of this notebook instance does not run: the instance is stopped or gone, or nobody "
    "has asked for it. Once it is InService, CreatePresignedNotebookInstanceUrl starts JupyterLab "
    "and answers a link to it."
)


def site_name(name: str, volume: str) -> str:
    """How the site of an instance is called: its name, and what no instance of that name had
    before or has in another account or region. `volume`: the id of its volume."""
    return f"{name}-{volume.rpartition('-')[2][:_SITE_DIGITS]}"


def site_path(site: str) -> str:
    """The path that all of its paths begin with."""
    return f"{PREFIX}{site}/"


def split_path(path: str) -> tuple[str, str]:
    """The site that a path below PREFIX belongs to, and what follows it: "" or "/…"."""
    site, slash, rest = path[len(PREFIX) :].partition("/")
    return site, slash + rest


def new_session(secret: str, until: float) -> str:
    """The cookie's value of a session that lasts until then (epoch seconds)."""
    told = f"{math.floor(until)}.{secrets.token_hex(8)}"
    return f"{told}.{_proof(secret, told)}"


def session_ends(secret: str, value: str, now: float) -> float | None:
    """When the session ends that this cookie stands for; None when it stands for none now."""
    told, _, proof = value.rpartition(".")
    if not secret or not hmac.compare_digest(
        proof.encode("utf-8", "replace"), _proof(secret, told).encode()
    ):
        return None
    until = float(told.partition(".")[0])
    return until if now < until else None


def cookie_of(header: str) -> str:
    """The value of the session's cookie in a Cookie header, "" for none."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def without_session(header: str) -> str:
    """A Cookie header without the session's."""
    parts = (part.strip() for part in header.split(";"))
    return "; ".join(part for part in parts if part and part.partition("=")[0] != COOKIE)


def page(title: str, text: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of a page that says one thing."""
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><h1>{escape(title)}</h1><p>{escape(text)}</p></html>\n"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return headers, body.encode()


def _proof(secret: str, told: str) -> str:
    return hmac.new(secret.encode(), told.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
