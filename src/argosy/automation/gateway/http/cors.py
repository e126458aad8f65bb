"""CORS of HTTP APIs: preflights are answered, and what backends say of it is replaced. Pure."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from argosy.ground.doors import DoorAnswer, DoorRequest

_PREFIX = "access-control-"
_ALLOWED = (
    ("allowMethods", "Methods", "access-control-request-method"),
    ("allowHeaders", "Headers", "access-control-request-headers"),
)


def preflight(cors: Mapping[str, Any] | None, request: DoorRequest) -> DoorAnswer | None:
    """The answer to a preflight, with CORS set; None for any other request.

    To a browser that sends credentials "*" is a name like others (Fetch, CORS protocol): it is told
    what it asked for.
    """
    if cors is None or request.method != "OPTIONS" or not request.header("origin"):
        return None
    if request.header("access-control-request-method") is None:
        return None
    headers = _origin(cors, request.header("origin") or "")
    if headers:
        for member, kind, asked in _ALLOWED:
            allowed = ",".join(cors.get(member) or ())
            if cors.get("allowCredentials") and "*" in allowed:
                allowed = request.header(asked) or allowed
            if allowed:
                headers.append((f"Access-Control-Allow-{kind}", allowed))
        if cors.get("maxAge"):
            headers.append(("Access-Control-Max-Age", str(cors["maxAge"])))
    return DoorAnswer(204, headers)


def dress(cors: Mapping[str, Any] | None, request: DoorRequest, answer: DoorAnswer) -> None:
    """Say to a browser what the API allows, and not what stands behind it says."""
    if cors is None:
        return
    answer.headers = [(n, v) for n, v in answer.headers if not n.lower().startswith(_PREFIX)]
    origin = request.header("origin")
    headers = _origin(cors, origin) if origin else []
    if headers and cors.get("exposeHeaders"):
        headers.append(("Access-Control-Expose-Headers", ",".join(cors["exposeHeaders"])))
    answer.headers += headers


def _origin(cors: Mapping[str, Any], origin: str) -> list[tuple[str, str]]:
    """[] for an origin that is not allowed."""
    allowed = cors.get("allowOrigins") or []
    if not any(one == "*" or fnmatchcase(origin.lower(), one.lower()) for one in allowed):
        return []
    credentials = bool(cors.get("allowCredentials"))
    shown = "*" if "*" in allowed and not credentials else origin
    headers = [("Access-Control-Allow-Origin", shown)]
    if shown != "*":
        headers.append(("Vary", "Origin"))
    if credentials:
        headers.append(("Access-Control-Allow-Credentials", "true"))
    return headers
