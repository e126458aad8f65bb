"""Hands requests to APIs and function URLs on to who answers them, and writes the answers.

It knows HTTP and nothing of gateways or functions: each prefix of a path has one `Door`.
"""

import functools
import json
import logging
import re
from collections.abc import Mapping
from types import MappingProxyType

from argosy.api.asgi import (
    BodyTooLarge,
    ClientGone,
    Receive,
    Scope,
    Send,
    path_of,
    read_body,
    while_there,
)
from argosy.ground.doors import Door, DoorAnswer, DoorRequest, Signer
from argosy.ground.names import new_request_id

_OURS = b"x-argosy-"
_BODILESS = (204, 304)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SERVERS = frozenset({"connection", "content-length", "date", "transfer-encoding"})
"""Headers that the server writes itself."""

_SIGNS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What may not stand in a header's value: a function may have put it there."""

_log = logging.getLogger(__name__)


class Doors:
    """An ASGI callable for paths that `has` knows."""

    def __init__(self, doors: Mapping[str, Door]) -> None:
        self._doors = dict(doors)
        self._prefixes = tuple(self._doors)

    def has(self, path: str) -> bool:
        return path.startswith(self._prefixes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(receive)
        except ClientGone:
            return
        except BodyTooLarge:
            await _send(_said(413, "Request Too Long"), send)
            return
        prefix, request = self._request(scope, body)
        try:
            await _send(await self._answer(self._doors[prefix], request, receive), send)
        except ClientGone:
            return

    async def _answer(self, door: Door, request: DoorRequest, receive: Receive) -> DoorAnswer:
        answers: list[DoorAnswer] = []

        async def ask() -> None:
            answers.append(await door(request))

        try:
            await while_there(ask(), receive)
        except ClientGone:
            raise
        except Exception:
            _log.exception("request %s: it could not be answered", request.request_id)
            return _said(500, "Internal server error")
        return answers[0]

    def _request(self, scope: Scope, body: bytes) -> tuple[str, DoorRequest]:
        ours = {name: value for name, value in scope["headers"] if name.startswith(_OURS)}
        told = {name[len(_OURS) :].decode(): v.decode("latin-1") for name, v in ours.items()}
        raw = path_of(scope)
        prefix = next(one for one in self._prefixes if raw.startswith(one))
        return prefix, DoorRequest(
            method=scope["method"],
            path=raw[len(prefix) :],
            query=scope.get("query_string", b"").decode("latin-1"),
            headers=tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in scope["headers"]
                if name not in ours
            ),
            written=_written(told.get("names", "")),
            body=body,
            signer=_signer(told),
            request_id=told.get("request-id") or new_request_id(),
            source_ip=told.get("source-ip", ""),
        )


@functools.lru_cache(maxsize=512)
def _written(names: str) -> Mapping[str, str]:
    """Names of headers as the edge tells of them; clients of one kind all write the same."""
    return MappingProxyType({name.lower(): name for name in names.split(",") if name})


def _signer(told: Mapping[str, str]) -> Signer | None:
    if not told.get("account"):
        return None
    return Signer(
        told["account"], told.get("arn", ""), told.get("user-id", ""), told.get("region", "")
    )


def _said(status: int, message: str) -> DoorAnswer:
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return DoorAnswer(status, [("Content-Type", "application/json")], body)


async def _send(answer: DoorAnswer, send: Send) -> None:
    headers = [
        (name.encode(), _SIGNS.sub(" ", value).encode("latin-1", "replace"))
        for name, value in answer.headers
        if _NAME.fullmatch(name) and name.lower() not in _SERVERS
    ]
    if answer.status not in _BODILESS:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = b"" if answer.status in _BODILESS else answer.body
    await send({"type": "http.response.body", "body": body})
