"""A small S3 for tests: objects in a dict, signatures checked, on a TCP port or a Unix socket."""

import contextlib
import hashlib
import os
import socketserver
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote

from argosy.access.errors import AuthError
from argosy.access.sigv4 import Asked, SigningKeys, check, claim_of
from argosy.ground.instances import StoreAccess

KEY_ID, SECRET = "AKIDTEST", "secret"


class TinyStore:
    """`objects` maps "bucket/key" to bytes; `failures` holds statuses to answer first."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.buckets: set[str] = set()
        self.failures: list[int] = []
        self.requests: list[str] = []
        self.cut_after: int | None = None
        self.access: StoreAccess

    def put(self, path: str, data: bytes) -> str:
        """Keep an object; returns its URI."""
        self.buckets.add(path.split("/")[0])
        self.objects[path] = data
        return f"s3://{path}"


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    store: TinyStore


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    store: TinyStore


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None:
        pass

    def address_string(self) -> str:
        return "test"

    def do_GET(self) -> None:
        self._handle()

    def do_HEAD(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def _handle(self) -> None:
        store: TinyStore = self.server.store  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        path, _, query = self.path.partition("?")
        store.requests.append(f"{self.command} {path}")
        if store.failures:
            self._answer(store.failures.pop(0))
        elif self._refused(path, query, body):
            self._answer(403, "SignatureDoesNotMatch")
        else:
            self._serve(store, unquote(path)[1:], body)

    def _refused(self, path: str, query: str, body: bytes) -> bool:
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, path, query, headers)
        hashed = headers.get("x-amz-content-sha256", "")
        claim = claim_of(asked)
        if claim is None or hashed not in (hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD"):
            return True
        secret = SECRET if claim.key_id == KEY_ID else None
        try:
            check(claim, asked, hashed, secret, time.time(), SigningKeys())
        except AuthError:
            return True
        return False

    def _serve(self, store: TinyStore, name: str, body: bytes) -> None:
        if name.split("/")[0] not in store.buckets:
            self._answer(404, "NoSuchBucket")
        elif self.command == "PUT":
            store.objects[name] = body
            self._answer(200)
        elif self.command == "DELETE":
            store.objects.pop(name, None)
            self._answer(204)
        elif name not in store.objects:
            self._answer(404, "NoSuchKey")
        else:
            self._send(store, store.objects[name])

    def _send(self, store: TinyStore, data: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.send_header("etag", f'"{hashlib.md5(data).hexdigest()}"')
        self.end_headers()
        if self.command == "HEAD":
            return
        if store.cut_after is not None:
            self.wfile.write(data[: store.cut_after])
            store.cut_after = None
            self.close_connection = True
            return
        self.wfile.write(data)

    def _answer(self, status: int, code: str = "") -> None:
        body = f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode() if code else b""
        body = b"" if self.command == "HEAD" else body
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def tiny_store(socket_path: Path | None = None) -> Iterator[TinyStore]:
    """A store that runs until the end of the block."""
    store = TinyStore()
    server: _Server | _UnixServer
    if socket_path is None:
        server = _Server(("127.0.0.1", 0), _Handler)
        url = f"http://127.0.0.1:{server.server_address[1]}"
    else:
        server = _UnixServer(os.fspath(socket_path), _Handler)
        url = "http://store"
    server.store = store
    store.access = StoreAccess(
        url=url,
        region="us-east-1",
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        socket=os.fspath(socket_path) if socket_path else "",
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
