"""A request to a function's URL as its event: payload format 2.0. Pure.

Source: reference/automation.md §6; Lambda Developer Guide, "Invoking function URLs".
"""

import base64
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from argosy.ground.doors import DoorRequest

_TEXT = (
    "application/json",
    "application/javascript",
    "application/xml",
    "application/x-www-form-urlencoded",
)
_OWN = ("x-forwarded-port", "x-forwarded-proto")


def event_of(request: DoorRequest, url_id: str, path: str, now: float) -> dict[str, Any]:
    """path: the function's own, with its slash in front, percent-encoded."""
    headers, cookies = _headers(request)
    query = _query(request.query)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(path),
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": _context(request, url_id, unquote(path), headers, now),
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = query
    if request.body:
        event["isBase64Encoded"] = not _is_text(headers.get("content-type", ""))
        event["body"] = (
            base64.b64encode(request.body).decode()
            if event["isBase64Encoded"]
            else request.body.decode("utf-8", "replace")
        )
    return event


def _headers(request: DoorRequest) -> tuple[dict[str, str], list[str]]:
    """What format 2.0 has of them: cookies are told apart from the others."""
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in (*request.headers, ("x-forwarded-for", request.source_ip)):
        if name == "cookie":
            cookies += [one.strip() for one in value.split(";") if one.strip()]
        elif name not in _OWN:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    port = headers.get("host", "").rpartition(":")[2]
    port = port if port.isdecimal() else "80"
    scheme = "https" if port == "443" else "http"
    return {**headers, **dict(zip(_OWN, (port, scheme), strict=True))}, cookies


def _query(text: str) -> dict[str, str]:
    query: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    return query


def _context(
    request: DoorRequest, url_id: str, path: str, headers: dict[str, str], now: float
) -> dict[str, Any]:
    domain = headers.get("host", "").partition(":")[0]
    context: dict[str, Any] = {
        "accountId": request.signer.account if request.signer else "anonymous",
        "apiId": url_id,
        "domainName": domain,
        "domainPrefix": url_id,
        "http": {
            "method": request.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request.request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now * 1000),
    }
    if request.signer:
        signer = request.signer
        told = {"accountId": signer.account, "callerId": signer.user_id, "userId": signer.user_id}
        context["authorizer"] = {"iam": {**told, "userArn": signer.arn}}
    return context


def _is_text(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind in _TEXT or kind.endswith(("+json", "+xml"))
