"""An edge process on a stage of its own: fake workers, a feed, a fake control, a fake store.

For tests of `argosy.edge` from outside. Everything listens on Unix sockets in a private folder or
on a free loopback port, and is gone when the stage is closed.
"""

import contextlib
import json
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings

ROOT = Path(__file__).parents[2]
KEY_ID, SECRET = "AKIASTAGE", "stage/secret+key"
ACCOUNT, REGION = "123456789012", "us-east-1"
ENDPOINT = "iris"
START_S = 60.0


def wait_until(what: Callable[[], Any], timeout_s: float = 60.0) -> Any:
    """The first true value of `what`; fails after the timeout."""
    until = time.monotonic() + timeout_s
    while not (value := what()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.005)
    return value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class FeedServer(socketserver.ThreadingUnixStreamServer):
    """Control's end of the feed: sends tables, notes acknowledgements and metrics."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        self.acks: list[int] = []
        self.metrics: list[dict[str, Any]] = []
        self.wanting: list[list[dict[str, Any]]] = []
        self.edges: list[Any] = []
        super().__init__(str(path), _FeedHandler)


class _FeedHandler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
        server.edges.append(self.wfile)
        with contextlib.suppress(OSError):
            for line in self.rfile:
                message = json.loads(line)
                if "ack" in message:
                    server.acks.append(message["ack"])
                if "metrics" in message:
                    server.metrics.append(message["metrics"])
                if "wanting" in message:
                    server.wanting.append(message["wanting"])
        server.edges.remove(self.wfile)


class HttpServer(socketserver.ThreadingUnixStreamServer):
    """A fake control or store: notes requests, answers by `respond`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: Path) -> None:
        self.seen: list[dict[str, Any]] = []
        self.answer_headers: dict[str, str] = {}
        self.broken = 0
        self.hold: threading.Event | None = None
        super().__init__(str(path), HttpHandler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.broken += 1


class HttpHandler(BaseHTTPRequestHandler):
    """Echoes the body of POST; answers with as many bytes as ?size= asks for."""

    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self._read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self._read(int(self.headers.get("Content-Length", 0)))

    def _read(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) < size:
            raise ConnectionError("the body broke off")
        return data

    def _serve(self) -> None:
        server: Any = self.server
        if server.hold is not None:
            server.hold.wait()
        body = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        server.seen.append(
            {"method": self.command, "path": self.path, "headers": headers, "body": body}
        )
        answer = body if self.command == "POST" else b""
        if "size=" in self.path:
            answer = b"y" * int(self.path.partition("size=")[2].partition("&")[0])
        self.send_response(200)
        for name, value in server.answer_headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve


class Stage:
    """One edge and everything around it."""

    def __init__(self, **settings: Any) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="edge-"))
        self.folder = DataDir.at(self.root)
        self.folder.create()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = Settings(data_dir=str(self.root), port=self.port, **settings)
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self.edge: subprocess.Popen[bytes] | None = None
        self.feed: FeedServer | None = None
        self.control: HttpServer | None = None
        self.store: HttpServer | None = None
        self.version = 0
        self.closing: list[Callable[[], Any]] = []

    # -- actors

    def worker(self, name: str, *options: str) -> dict[str, str]:
        """Start a fake worker; returns its entry in the table."""
        path = self.folder.run / f"{name}.sock"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.frame_worker", str(path), name, *options],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}/src:{ROOT}"},
        )
        self.workers[name] = process
        wait_until(path.exists)
        return {"id": name, "addresses": [f"unix:{path}"], "zone": "a"}

    def start_feed(self) -> FeedServer:
        self.feed = self.thread(FeedServer(self.folder.feed_socket))
        return self.feed

    def start_control(self) -> HttpServer:
        self.control = self.thread(HttpServer(self.folder.control_socket))
        return self.control

    def start_store(self, hold: threading.Event | None = None) -> HttpServer:
        """`hold`: read nothing until it is set."""
        self.store = HttpServer(self.folder.store_socket)
        self.store.hold = hold
        self.thread(self.store)
        return self.store

    def thread(self, server: Any) -> Any:
        """Have a server serve until the stage is closed."""
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.closing += [server.shutdown, server.server_close]
        return server

    def start_edge(self) -> None:
        self.log = (self.root / "edge.log").open("ab")
        self.edge = subprocess.Popen(
            [sys.executable, "-m", "argosy.edge"],
            env={**os.environ, **self.settings.to_environment(), "PYTHONPATH": f"{ROOT}/src"},
            stderr=self.log,
        )
        wait_until(self._connects, START_S)

    def _connects(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop_edge(self) -> None:
        if self.edge is not None:
            self.edge.kill()
            self.edge.wait()
            self.log.close()

    def close(self) -> None:
        self.stop_edge()
        for process in self.workers.values():
            process.kill()
            process.wait()
        for end in self.closing:
            end()
        shutil.rmtree(self.folder.run, ignore_errors=True)
        shutil.rmtree(self.root, ignore_errors=True)

    # -- the table

    def table(self, *variants: dict[str, Any], status: str = "InService") -> dict[str, Any]:
        """A routing table with one endpoint, and the stage's key."""
        self.version += 1
        key = f"{ACCOUNT}/{REGION}/{ENDPOINT}"
        return {
            "version": self.version,
            "keys": {
                KEY_ID: {
                    "secret": SECRET,
                    "account": ACCOUNT,
                    "arn": f"arn:aws:iam::{ACCOUNT}:root",
                    "user_id": ACCOUNT,
                }
            },
            "endpoints": {key: {"status": status, "config": "c", "variants": list(variants)}},
        }

    def publish(self, table: dict[str, Any]) -> None:
        """Send a table down the feed and wait until the edge has taken it."""
        assert self.feed is not None
        edges = wait_until(lambda: self.feed and list(self.feed.edges))
        for edge in edges:
            edge.write(json.dumps({"table": table}).encode() + b"\n")
        wait_until(lambda: table["version"] in (self.feed.acks if self.feed else ()))

    def on_disk(self, table: dict[str, Any]) -> None:
        self.folder.routes.write_text(json.dumps(table))

    # -- clients

    def client(self, service: str = "sagemaker-runtime", **config: Any) -> Any:
        """A boto3 client of the edge; no retries, so that every failure is seen."""
        client = boto3.session.Session().client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=config.pop("key_id", KEY_ID),
            aws_secret_access_key=config.pop("secret", SECRET),
            config=Config(retries={"total_max_attempts": config.pop("attempts", 1)}, **config),
        )
        self.closing.append(client.close)
        return client

    def connect(self, timeout_s: float = 10.0) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s)
        return connection

    def edge_log(self) -> str:
        return (self.root / "edge.log").read_text()


def variant(
    name: str, *instances: dict[str, str], weight: float = 1.0, timeout_s: float = 60.0
) -> dict[str, Any]:
    """An entry of a table."""
    return {
        "name": name,
        "weight": weight,
        "containers": [{"name": "primary", "multi_model": False}],
        "direct": False,
        "timeout_s": timeout_s,
        "instances": list(instances),
    }


@contextlib.contextmanager
def stage(**settings: Any) -> Iterator[Stage]:
    """A stage that is closed in the end."""
    built = Stage(**settings)
    try:
        yield built
    finally:
        built.close()
