"""Calls an ASGI app with one request, without a server."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from argosy.api.app import App


@dataclass(frozen=True)
class Answer:
    """What the app sent; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    app: App,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    query: str = "",
) -> Answer:
    """The app's answer; `path` is percent-encoded."""
    return asyncio.run(_ask(app, method, path, headers or {}, body, query))


async def _ask(
    app: App, method: str, path: str, headers: dict[str, str], body: bytes, query: str
) -> Answer:
    sent: list[Any] = []
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return parts.pop(0) if parts else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [
            (name.lower().encode("latin-1"), text.encode("latin-1"))
            for name, text in headers.items()
        ],
    }
    await app(scope, receive, send)
    start, end = sent
    answered = {name.decode().lower(): text.decode("latin-1") for name, text in start["headers"]}
    return Answer(start["status"], answered, end["body"])
