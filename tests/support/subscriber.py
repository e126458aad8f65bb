"""Somebody who subscribes to topics with a URL."""

import http.server
import json
import threading
from typing import Any

from tests.support.endpoints import until


class Subscriber:
    """A web server that keeps what it is sent, and answers with `statuses` in turn, then 200."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], str]] = []
        self.statuses: list[int] = []
        subscriber = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                subscriber.got.append((dict(self.headers.items()), body))
                self.send_response(subscriber.statuses.pop(0) if subscriber.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook?a=b"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def said(self, kind: str) -> list[dict[str, Any]]:
        """The documents of a type that came."""
        found = [h for h in self.got if h[0]["x-amz-sns-message-type"] == kind]
        return [json.loads(body) for _, body in found]

    def wait(self, kind: str, number: int = 1) -> dict[str, Any]:
        until(lambda: len(self.said(kind)) >= number)
        return self.said(kind)[number - 1]
