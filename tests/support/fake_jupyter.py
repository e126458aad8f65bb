"""What stands in JupyterLab's place behind an edge on a stage: echoes, floods, refuses."""

import contextlib
from pathlib import Path
from typing import Any

from tests.support.stage import HttpHandler, HttpServer


class FakeJupyter(HttpServer):
    """An `HttpServer` that takes WebSockets below /echo and /flood, refuses others, and counts what
    it could send into a flood."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.RequestHandlerClass = _Handler
        self.flooded = 0


class _Handler(HttpHandler):
    def do_GET(self) -> None:
        if self.headers.get("Upgrade") is None:
            self._serve()
            return
        server: Any = self.server
        server.seen.append({"method": "GET", "path": self.path, "headers": dict(self.headers)})
        how = self.path.rpartition("/")[2]
        if how not in ("echo", "flood"):
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        self.close_connection = True
        with contextlib.suppress(OSError):
            if how == "echo":
                self._echo()
            else:
                self._flood(server)

    def _echo(self) -> None:
        while data := self.connection.recv(1 << 16):
            self.connection.sendall(data)

    def _flood(self, server: Any) -> None:
        while True:
            server.flooded += self.connection.send(b"y" * (1 << 16))
