"""What a function answered, as an answer of HTTP; raises Malformed for what is none. Pure."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from argosy.ground.doors import DoorAnswer

_NOT_FOR_CLIENTS = frozenset({"content-length", "transfer-encoding", "connection"})


class Malformed(ValueError):
    """The function's answer is not what the gateway understands."""


JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
"""What an answer is that does not say it: of a REST API or a function's URL, and of an HTTP API."""


def answer_1(payload: bytes, decode: Callable[[str], bool], usual: str = JSON) -> DoorAnswer:
    """Format 1.0: an object with statusCode.

    decode: whether a body in base64 is decoded, told by the answer's Content-Type; usual: what an
    answer is that does not say it.
    """
    told = _object(payload)
    if not isinstance(told, dict) or "statusCode" not in told:
        raise Malformed("no statusCode")
    headers = _single(told.get("headers"))
    several = _several(told.get("multiValueHeaders"))
    names = {name.lower() for name, _ in several}
    both = [pair for pair in headers if pair[0].lower() not in names] + several
    return _answer(told, both, decode, usual)


def answer_2(payload: bytes, usual: str = JSON) -> DoorAnswer:
    """Format 2.0: as 1.0 with cookies; anything else is the body of a 200, in JSON."""
    told = _object(payload)
    if not isinstance(told, dict) or "statusCode" not in told:
        body = told.encode("utf-8", "surrogatepass") if isinstance(told, str) else payload
        return DoorAnswer(200, [("Content-Type", JSON)], body)
    headers = _single(told.get("headers"))
    cookies = told.get("cookies") or []
    if not isinstance(cookies, list):
        raise Malformed("cookies")
    headers += [("Set-Cookie", str(one)) for one in cookies]
    return _answer(told, headers, lambda _: True, usual)


def _object(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None


def _answer(
    told: dict[str, Any],
    headers: list[tuple[str, str]],
    decode: Callable[[str], bool],
    usual: str,
) -> DoorAnswer:
    try:
        status = int(told["statusCode"])
    except (TypeError, ValueError):
        raise Malformed("statusCode") from None
    if not 200 <= status <= 599:
        raise Malformed("statusCode")
    body = told.get("body")
    if body is not None and not isinstance(body, str | int | float | bool):
        raise Malformed("body")
    text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
    kind = next((value for name, value in headers if name.lower() == "content-type"), "")
    if not kind:
        headers.append(("Content-Type", usual))
    if told.get("isBase64Encoded") is True and decode(kind or usual):
        try:
            return DoorAnswer(status, headers, base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            raise Malformed("isBase64Encoded") from None
    return DoorAnswer(status, headers, text.encode("utf-8", "surrogatepass"))


def _single(given: Any) -> list[tuple[str, str]]:
    if given is None:
        return []
    if not isinstance(given, dict):
        raise Malformed("headers")
    return _kept([(name, value) for name, value in given.items()])


def _several(given: Any) -> list[tuple[str, str]]:
    if given is None:
        return []
    if not isinstance(given, dict) or not all(isinstance(one, list) for one in given.values()):
        raise Malformed("multiValueHeaders")
    return _kept([(name, value) for name, values in given.items() for value in values])


def _kept(given: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    kept = []
    for name, value in given:
        if isinstance(value, dict | list):
            raise Malformed("headers")
        if value is not None and name.lower() not in _NOT_FOR_CLIENTS:
            kept.append((name, _text(value)))
    return kept


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
