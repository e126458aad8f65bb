"""Requests for later are sent once each, and their answers waited for by name."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from bench.asynchronous import Measured, _report
from bench.http import post
from bench.processes import Unavailable
from bench.queued import Place, await_objects, send
from bench.signing import signed_async_invocation
from bench.wrk import Load


class _Accepting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    numbers = iter(range(10**6))
    lock = threading.Lock()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            number = next(self.numbers)
        self.send_response(429 if self.path == "/full" else 202)
        self.send_header("X-Amzn-SageMaker-OutputLocation", f"s3://bucket/out/{number}.out")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def accepting() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Accepting)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_every_request_is_sent_once_and_has_a_place_of_its_own(accepting: str) -> None:
    places = send(accepting, post(accepting, "/", b"x", {}), 21, callers=4)

    assert len(places) == len(set(places)) == 21
    assert {place.bucket for place in places} == {"bucket"}


def test_a_request_that_is_not_accepted_is_told(accepting: str) -> None:
    with pytest.raises(Unavailable, match="0 of 3 accepted: 429"):
        send(accepting, post(accepting, "/full", b"x", {}), 3, callers=1)


def test_a_place_is_an_object() -> None:
    assert Place.of("s3://b/a/c.out") == Place("b", "a/c.out")
    with pytest.raises(ValueError, match="no place"):
        Place.of("s3://b")


def test_waiting_ends_when_all_are_there_and_tells_what_is_missing() -> None:
    looks = iter([set(), {"a"}, {"a", "b", "c"}])
    called: list[int] = []

    assert await_objects(lambda: next(looks), {"a", "b"}, 30, lambda: called.append(1)) == set()
    assert len(called) == 2
    assert await_objects(lambda: {"a"}, {"a", "b"}, 0) == {"b"}


def test_all_are_listed_again_only_when_one_that_was_missing_is_there() -> None:
    listed = iter([{"a"}, {"a", "b"}])
    asked = iter([False, False, True])

    missing = await_objects(
        lambda: next(listed), {"a", "b"}, 30, one_is_there=lambda key: next(asked)
    )

    assert missing == set()
    assert next(asked, None) is None


def test_the_request_is_boto3s_own_and_signed() -> None:
    runtime = boto3.client(
        "sagemaker-runtime",
        endpoint_url="http://127.0.0.1:8790",
        region_name="eu-west-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="not-a-real-secret",
    )
    raw = signed_async_invocation(runtime, EndpointName="e", InputLocation="s3://b/k")
    head = raw.partition(b"\r\n\r\n")[0].decode().lower()

    assert head.startswith("post /endpoints/e/async-invocations http/1.1")
    assert "x-amzn-sagemaker-inputlocation: s3://b/k" in head
    assert "authorization: aws4-hmac-sha256" in head


@pytest.mark.parametrize(("lost", "passed"), [(0, True), (1, False)])
def test_one_lost_request_misses_the_target(lost: int, passed: bool) -> None:
    found = Measured(
        accepted=Load(
            connections=32, seconds=2.0, requests=5000, p50_us=900, p99_us=4000, failed=0
        ),
        accepted_drained_s=3.0,
        done_count=3000,
        done_s=5.0,
        queued=10_000,
        queued_s=20.0,
        kills=6,
        lost=lost,
        wrong=0,
    )
    verdicts = _report("a machine", found).verdicts

    assert [verdict.passed for verdict in verdicts] == [True, True, passed, True]
    assert verdicts[1].got == "600.00/s"
