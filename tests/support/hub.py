"""A Hugging Face hub on loopback with one model: what `huggingface_hub` asks of the real one."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789012345678901234567890123456789"


class Hub:
    """`url` for HF_ENDPOINT; `asked` are the paths that were asked for."""

    def __init__(self, name: str, folder: Path) -> None:
        self.asked: list[str] = []
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked.append(self.path)
                if self.path.startswith(f"/api/models/{name}/tree/"):
                    listed = [
                        {"type": "file", "path": file, "oid": COMMIT, "size": len(content)}
                        for file, content in files.items()
                    ]
                    self._say(200, json.dumps(listed).encode())
                elif self.path.startswith(f"/api/models/{name}"):
                    siblings = [{"rfilename": file} for file in files]
                    about = {"id": name, "modelId": name, "sha": COMMIT, "siblings": siblings}
                    self._say(200, json.dumps({**about, "tags": [], "private": False}).encode())
                elif self.path.startswith(f"/{name}/resolve/"):
                    content = files.get(self.path.rsplit("/", 1)[1])
                    self._say(404 if content is None else 200, content or b"")
                else:
                    self._say(404, b"")

            do_HEAD = do_GET

            def _say(self, status: int, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
                self.send_header("X-Repo-Commit", COMMIT)
                if status == 404:
                    self.send_header("X-Error-Code", "EntryNotFound")
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is logged."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def hub(name: str, folder: Path) -> Iterator[Hub]:
    """A hub that has this folder's files as the model of that name."""
    running = Hub(name, folder)
    running.start()
    try:
        yield running
    finally:
        running.stop()
