"""A browser's way into JupyterLab of a notebook instance, without the browser."""

import json
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import urllib3

from argosy.ground.notebooks import COOKIE

SLOW_S = 60


class Session:
    """What somebody who has the site's cookie can ask."""

    def __init__(self, base: str, cookie: str) -> None:
        """`base`: the site's URL, with a slash at its end."""
        self.base = base
        self.cookie = cookie
        self.bounds: set[str] = set()
        """What the cookie was given out with."""
        self._xsrf = ""
        self._http = urllib3.PoolManager(retries=False, timeout=SLOW_S)

    def close(self) -> None:
        self._http.clear()

    def open(self, link: str) -> Any:
        """Visit a link; redirects are not followed."""
        return self._visit("GET", link, {}, None)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        """Jupyter's answer; its check against forged requests is passed as its pages do it."""
        if method != "GET" and not self._xsrf:
            self.ask("GET", "lab")
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._visit(method, self.base + path, {"X-XSRFToken": self._xsrf, **given}, body)

    def _visit(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Any:
        sent = {**headers, "Cookie": self.cookies}
        answer = self._http.request(method, url, headers=sent, body=body, redirect=False)
        for header in answer.headers.getlist("Set-Cookie"):
            self._keep(header)
        return answer

    def _keep(self, header: str) -> None:
        first, *bounds = (part.strip() for part in header.split(";"))
        name, _, value = first.partition("=")
        if name == COOKIE:
            self.cookie, self.bounds = value, set(bounds)
        elif name == "_xsrf":
            self._xsrf = value

    @property
    def cookies(self) -> str:
        return f"{COOKIE}={self.cookie}; _xsrf={self._xsrf}"

    def websocket(self, path: str, **options: Any) -> Any:
        """An open WebSocket to Jupyter. Raises WebSocketBadStatusException."""
        from websocket import create_connection

        address = self.base.replace("http", "ws", 1) + path
        return create_connection(address, timeout=SLOW_S, cookie=self.cookies, **options)


def entered(link: str) -> Session:
    """The session that a link opens."""
    session = Session(link.partition("?")[0], "")
    answer = session.open(link)
    assert answer.status == 303, answer.data
    assert session.cookie
    return session


def run_cell(session: Session, code: str) -> str:
    """What a cell prints in a new kernel, by Jupyter's REST and WebSocket API."""
    made = session.ask("POST", "api/kernels")
    assert made.status == 201, made.data
    connection = session.websocket(f"api/kernels/{json.loads(made.data)['id']}/channels")
    try:
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
        header |= {"username": "", "session": uuid.uuid4().hex, "date": "2026-01-01T00:00:00Z"}
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        said: dict[str, Any] = {"header": header, "parent_header": {}, "metadata": {}}
        connection.send(json.dumps({**said, "content": content, "channel": "shell"}))
        return _printed(connection, header["msg_id"])
    finally:
        connection.close()


def _printed(connection: Any, asked_as: str) -> str:
    text = ""
    while True:
        message = json.loads(connection.recv())
        if message["parent_header"].get("msg_id") != asked_as:
            continue
        if message["msg_type"] == "stream":
            text += message["content"]["text"]
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return text


def ports_of(pids: Iterable[int]) -> list[str]:
    """The TCP ports on which these processes listen, as the kernel writes them."""
    sockets = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                sockets.add(os.readlink(descriptor))
            except OSError:
                continue
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [one[1] for one in lines if one[3] == "0A" and f"socket:[{one[9]}]" in sockets]
