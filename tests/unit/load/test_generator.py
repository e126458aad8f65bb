"""The generator against a small server that counts, stalls, refuses and hangs up."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from argosy.access.canonical import Asked
from argosy.access.sigv4 import SigningKeys, check, claim_of
from argosy.load.generator import Generator
from argosy.load.measured import Load, Measured
from argosy.load.target import Signed, Target

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
REFUSED = b'HTTP/1.1 503 X\r\nContent-Length: 22\r\n\r\n{"Message": "no room"}'

Answer = Callable[[int], Awaitable[bytes]]
"""Number of the request → the answer's bytes; none to hang up."""


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[Target]:
    count = iter(range(10**9))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await reader.readexactly(4)
                data = await answer(next(count))
                if not data:
                    break
                writer.write(data)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    yield target(url=f"http://127.0.0.1:{port}")
    listening.close()


def target(**more: Any) -> Target:
    given: dict[str, Any] = {
        "url": "http://127.0.0.1:1",
        "region": "us-east-1",
        "access_key_id": "AKIA",
        "secret_access_key": "secret",
        "endpoint": "a-b",
        "payloads": (b"body",),
    }
    return Target(**{**given, **more})


def loaded(answer: Answer, **load: Any) -> tuple[Measured, list[dict[str, Any]]]:
    seconds: list[dict[str, Any]] = []

    async def run() -> Measured:
        async with server(answer) as found:
            generator = Generator(found, Load(**load), seconds.append)
            try:
                return await generator.run()
            finally:
                generator.close()

    return asyncio.run(run()), seconds


async def at_once(number: int) -> bytes:
    return OK


def test_a_rate_is_kept_and_every_request_answered() -> None:
    came, seconds = loaded(at_once, rate=200, seconds=1.2)
    assert (came.requests, came.answered, came.failed) == (240, 240, 0)
    assert 0.9 * 200 < came.achieved < 1.1 * 200
    assert seconds[0]["requests"] > 100
    assert 0 < came.latency_ms["50"] <= came.latency_ms["99"] <= came.latency_ms["max"]


def test_a_stall_is_counted_for_every_request_that_was_due_meanwhile() -> None:
    async def stalls(number: int) -> bytes:
        if number == 20:
            await asyncio.sleep(0.5)
        return OK

    came, _ = loaded(stalls, rate=100, seconds=1.0, connections=1)
    assert came.answered == 100
    assert came.latency_ms["90"] > 250


def test_errors_are_counted_by_what_happened_and_the_first_is_told() -> None:
    async def refuses(number: int) -> bytes:
        return {3: REFUSED, 5: b""}.get(number, OK)

    came, _ = loaded(refuses, rate=100, seconds=0.2)
    assert came.errors == {"503": 1, "connection": 1}
    assert came.answered == 18
    assert came.error_text in ("no room", "The connection broke before the answer.")


def test_what_is_never_answered_is_a_failure_and_as_late_as_it_waited() -> None:
    async def never(number: int) -> bytes:
        if number >= 5:
            await asyncio.sleep(60)
        return OK

    came, _ = loaded(never, rate=100, seconds=0.1, grace_s=0.4)
    assert came.errors == {"timeout": 5}
    assert came.latency_ms["max"] > 300


def test_a_hopeless_load_ends_early() -> None:
    async def slow(number: int) -> bytes:
        await asyncio.sleep(0.1)
        return OK

    came, _ = loaded(slow, rate=100, seconds=30, give_up_ms=50, give_up_share=99)
    assert came.cut_off
    assert came.seconds < 10


def test_requests_are_signed_as_the_platform_checks_them() -> None:
    told = target(payloads=(b"[1]",), variant="Blue", accept="text/csv")
    (request,) = Signed(told).all()
    head, _, body = request.partition(b"\r\n\r\n")
    line, *rest = head.decode().split("\r\n")
    headers = dict(one.split(": ", 1) for one in rest)
    method, path, _ = line.split()
    assert (method, path, body) == ("POST", "/endpoints/a-b/invocations", b"[1]")
    assert headers["x-amzn-sagemaker-target-variant"] == "Blue"
    asked = Asked(method, path, "", headers)
    claim = claim_of(asked)
    assert claim is not None
    assert Target.from_json(told.to_json()) == told
    digest = hashlib.sha256(body).hexdigest()
    check(claim, asked, digest, "secret", time.time(), SigningKeys())
