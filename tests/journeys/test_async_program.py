"""An asynchronous endpoint of a program of the user's: how many requests it gets at once."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.async_endpoints import content, deploy_model, make_bucket, scale
from tests.support.command import argosy

from argosy.agent.sandbox import probe
from argosy.testing import Platform

pytestmark = pytest.mark.skipif(bool(probe()), reason=f"no sandbox: {probe()}")

MOST = 3
REQUESTS = 24
SERVE = """#!/usr/bin/env python3
import threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock, running = threading.Lock(), 0

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        global running
        self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            running += 1
            now = running
        time.sleep(0.1)
        with lock:
            running -= 1
        self.answer(str(now).encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""


@pytest.fixture
def endpoint(platform: Platform, tmp_path: Path) -> Iterator[str]:
    """Two instances that count how many requests they have open."""
    folder = tmp_path / "image"
    folder.mkdir()
    (folder / "serve").write_text(SERVE)
    (folder / "serve").chmod(0o700 | stat.S_IRUSR)
    added = argosy(platform.environment(), "image", "add", "busy:1", str(folder))
    assert added.code == 0, added.err
    platform.client("sagemaker").create_model(
        ModelName="async-busy", PrimaryContainer={"Image": "busy:1"}
    )
    make_bucket(platform)
    deploy_model(platform, "async-busy", instances=2, concurrency=MOST)
    yield "async-busy"
    platform.client("sagemaker").delete_endpoint(EndpointName="async-busy")


def test_an_instance_gets_as_many_as_it_may_have_and_never_one_more(
    platform: Platform, endpoint: str
) -> None:
    runtime = platform.client("sagemaker-runtime")
    scale(platform, endpoint, 0)
    places = [
        runtime.invoke_endpoint_async(EndpointName=endpoint, Body=b"1")["OutputLocation"]
        for _ in range(REQUESTS)
    ]
    scale(platform, endpoint, 2)
    seen = [int(content(platform, place)) for place in places]

    assert max(seen) == MOST
