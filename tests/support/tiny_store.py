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
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from argosy.access.errors import AuthError
from argosy.access.sigv4 import Asked, SigningKeys, check, claim_of
from argosy.ground.instances import StoreAccess

LEAST_PART = 5 << 20
KEY_ID, SECRET = "AKIDTEST", "secret"


class TinyStore:
    """`objects` maps "bucket/key" to bytes; `failures` holds statuses to answer first (0: none)."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.buckets: set[str] = set()
        self.failures: list[int] = []
        self.requests: list[str] = []
        self.cuts: list[int] = []
        """After how many bytes to break off each of the next answers; -1: not at all."""
        self.uploads: dict[str, tuple[str, dict[int, bytes]]] = {}
        """Open multipart uploads: id → (path, parts)."""
        self.types: dict[str, str] = {}
        self.composed: dict[str, str] = {}
        """ETags of objects that were uploaded in parts."""
        self.access: StoreAccess

    @property
    def left(self) -> int:
        """How many uploads are open."""
        return len(self.uploads)

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

    def do_POST(self) -> None:
        self._handle()

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # who asked went away
            super().handle()

    def _handle(self) -> None:
        store: TinyStore = self.server.store  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        path, _, query = self.path.partition("?")
        store.requests.append(f"{self.command} {path}")
        failure = store.failures.pop(0) if store.failures else 0
        if failure:
            self._answer(failure)
        elif self._refused(path, query, body):
            self._answer(403, "SignatureDoesNotMatch")
        else:
            fields = dict(parse_qsl(query, keep_blank_values=True))
            self._serve(store, unquote(path)[1:], body, fields)

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

    def _serve(self, store: TinyStore, name: str, body: bytes, query: dict[str, str]) -> None:
        if name.split("/")[0] not in store.buckets:
            self._answer(404, "NoSuchBucket")
        elif "uploads" in query and self.command == "POST":
            self._create(store, name)
        elif "uploads" in query:
            self._list_uploads(store, name.rstrip("/"), query)
        elif "uploadId" in query:
            self._upload(store, body, query)
        elif "list-type" in query:
            self._list(store, name.rstrip("/"), query)
        elif self.command == "PUT":
            self._put(store, name, body)
        elif self.command == "DELETE":
            store.objects.pop(name, None)
            self._answer(204)
        elif name not in store.objects:
            self._answer(404, "NoSuchKey")
        else:
            self._send(store, name, store.objects[name])

    def _put(self, store: TinyStore, name: str, body: bytes) -> None:
        if self.headers.get("if-none-match") == "*" and name in store.objects:
            self._answer(412, "PreconditionFailed")
            return
        store.objects[name] = body
        store.composed.pop(name, None)
        store.types[name] = self.headers.get("content-type", "")
        self._answer(200, etag=etag(body))

    def _create(self, store: TinyStore, name: str) -> None:
        upload_id = os.urandom(8).hex()
        store.uploads[upload_id] = (name, {})
        store.types[name] = self.headers.get("content-type", "")
        self._xml(f"<R><UploadId>{upload_id}</UploadId></R>")

    def _upload(self, store: TinyStore, body: bytes, query: dict[str, str]) -> None:
        name, parts = store.uploads.get(query["uploadId"], ("", None))
        if parts is None:
            self._answer(404, "NoSuchUpload")
        elif self.command == "PUT":
            parts[int(query["partNumber"])] = body
            self._answer(200, etag=etag(body))
        elif self.command == "DELETE":
            store.uploads.pop(query["uploadId"], None)
            self._answer(204)
        else:
            self._complete(store, query["uploadId"], name, parts, body)

    def _complete(
        self, store: TinyStore, upload_id: str, name: str, parts: dict[int, bytes], body: bytes
    ) -> None:
        asked = [
            (int(part.findtext("PartNumber") or "0"), part.findtext("ETag"))
            for part in ElementTree.fromstring(body).iterfind("Part")
        ]
        numbers = [number for number, _ in asked]
        if numbers != sorted(set(numbers)) or not all(
            number in parts and etag(parts[number]) == tag for number, tag in asked
        ):
            self._answer(400, "InvalidPart")
        elif any(len(parts[number]) < LEAST_PART for number in numbers[:-1]):
            self._answer(400, "EntityTooSmall")
        else:
            store.objects[name] = b"".join(parts[number] for number in numbers)
            store.composed[name] = composed_etag([parts[number] for number in numbers])
            del store.uploads[upload_id]
            self._xml(f"<R><ETag>{store.composed[name]}</ETag></R>")

    def _list_uploads(self, store: TinyStore, bucket: str, query: dict[str, str]) -> None:
        prefix = f"{bucket}/{query.get('prefix', '')}"
        items = "".join(
            f"<Upload><Key>{escape(path.partition('/')[2])}</Key><UploadId>{one}</UploadId></Upload>"
            for one, (path, _) in sorted(store.uploads.items())
            if path.startswith(prefix)
        )
        self._xml(f"<R>{items}</R>")

    def _list(self, store: TinyStore, bucket: str, query: dict[str, str]) -> None:
        prefix, after = f"{bucket}/{query.get('prefix', '')}", query.get("continuation-token", "")
        after = after or f"{bucket}/{query.get('start-after', '')}"
        names = sorted(name for name in store.objects if name.startswith(prefix) and name > after)
        page, rest = names[:1000], names[1000:]
        items = "".join(
            f"<Contents><Key>{escape(name.partition('/')[2])}</Key>"
            f"<Size>{len(store.objects[name])}</Size>"
            f"<ETag>{etag(store.objects[name])}</ETag></Contents>"
            for name in page
        )
        more = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if rest else ""
        self._xml(f"<R>{items}{more}</R>")

    def _send(self, store: TinyStore, name: str, whole: bytes) -> None:
        tag = f'"{store.composed.get(name) or etag(whole)}"'
        if self.headers.get("if-match", tag) != tag:
            self._answer(412, "PreconditionFailed")
            return
        data = whole
        asked = self.headers.get("range", "")
        if asked:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            if int(first) >= len(whole):
                self._answer(416, "InvalidRange")
                return
            data = whole[int(first) : int(last) + 1 if last else None]
        self.send_response(206 if asked else 200)
        if asked:
            end = int(first) + len(data) - 1
            self.send_header("content-range", f"bytes {first}-{end}/{len(whole)}")
        self.send_header("content-length", str(len(data)))
        self.send_header("content-type", store.types.get(name, ""))
        self.send_header("etag", tag)
        self.end_headers()
        self._send_body(store, data)

    def _send_body(self, store: TinyStore, data: bytes) -> None:
        if self.command == "HEAD":
            return
        cut = store.cuts.pop(0) if store.cuts else -1
        self.wfile.write(data if cut < 0 else data[:cut])
        self.close_connection = cut >= 0

    def _xml(self, text: str) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def _answer(self, status: int, code: str = "", etag: str = "") -> None:
        body = f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode() if code else b""
        body = b"" if self.command == "HEAD" else body
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        if etag:
            self.send_header("etag", f'"{etag}"')
        self.end_headers()
        self.wfile.write(body)


def etag(data: bytes) -> str:
    """The ETag of content, without quotes."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def composed_etag(parts: list[bytes]) -> str:
    """The ETag of an object of these parts."""
    digests = b"".join(bytes.fromhex(etag(part)) for part in parts)
    return f"{etag(digests)}-{len(parts)}"


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
