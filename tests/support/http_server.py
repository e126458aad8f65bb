"""A small HTTP server in a thread, for what calls out."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Heard:
    """What came, and where the server is."""

    url: str = ""
    requests: list[dict[str, object]] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when a client of /slow has hung up."""


@contextmanager
def http_server() -> Iterator[Heard]:
    """Says in JSON what it was asked; /slow never answers, /big too much, /teapot with 418."""
    heard = Heard()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(heard))
    server.daemon_threads = True
    heard.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(heard: Heard) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            asked = {
                "method": self.command,
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": body.decode("latin-1"),
            }
            heard.requests.append(asked)
            if self.path.startswith("/slow"):
                self.connection.recv(1)
                heard.gone.set()
                return
            told = b"x" * (11 << 20) if self.path == "/big" else json.dumps(asked).encode()
            self.send_response(418 if self.path == "/teapot" else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.send_header("X-Server", "mine")
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    return Handler
