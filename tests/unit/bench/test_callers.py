"""Callers count what came wrong and what did not come."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle

import pytest
from bench.callers import Caller
from bench.http import post
from bench.multimodel import zipf
from bench.processes import Unavailable


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500 if body == b"1" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"x" if body == b"2" else body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def caller() -> Iterator[Caller]:
    """Of a server that echoes numbers, but fails at 1 and is wrong about 2."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    requests = [post(url, "/", str(n).encode(), {}) for n in range(3)]
    yield Caller(url, requests, lambda n, status, body: body == str(n).encode())
    server.shutdown()
    server.server_close()


def test_failures_and_wrong_answers_are_counted_apart(caller: Caller) -> None:
    called = caller.spread(2, 0.2, lambda seed: cycle([0, 1, 2]))

    assert called.requests >= 6
    assert called.failed == pytest.approx(called.requests / 3, abs=2)
    assert called.wrong == pytest.approx(called.requests / 3, abs=2)


def test_a_call_that_must_be_right_says_what_came_instead(caller: Caller) -> None:
    assert caller.must(0) > 0
    with pytest.raises(Unavailable, match="wrongly: 200 b'x'"):
        caller.must(2)


def test_the_first_model_is_called_as_often_as_zipf_says() -> None:
    numbers = zipf(1000, seed=1)
    drawn = [next(numbers) for _ in range(20_000)]

    assert drawn.count(0) == pytest.approx(2 * drawn.count(1), rel=0.15)
    assert max(drawn) > 900
