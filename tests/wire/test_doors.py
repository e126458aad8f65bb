"""Requests to APIs and URLs of functions, as control hands them on."""

import asyncio
from typing import Any

from argosy.api.doors import Doors
from argosy.ground.doors import API, DoorAnswer, DoorRequest, Signer

HEADERS = [
    (b"host", b"here"),
    (b"x-thing", b"1"),
    (b"x-thing", b"2"),
    (b"x-argosy-request-id", b"r1"),
    (b"x-argosy-source-ip", b"10.0.0.1"),
]
OWNER = [(b"x-argosy-account", b"1"), (b"x-argosy-arn", b"arn:root"), (b"x-argosy-user-id", b"u")]


async def _ask(doors: Doors, headers: list[tuple[bytes, bytes]]) -> list[Any]:
    sent: list[Any] = []
    body = asyncio.Queue[Any]()
    body.put_nowait({"type": "http.request", "body": b"ab", "more_body": False})

    async def send(message: Any) -> None:
        sent.append(message)

    path = "/_aws/execute-api/a1/prod/p q"
    raw = b"/_aws/execute-api/a1/prod/p%20q"
    scope = {"method": "POST", "path": path, "raw_path": raw, "query_string": b"a=1&a=2"}
    await doors({**scope, "headers": headers}, body.get, send)
    return sent


def test_a_request_comes_whole_with_repeated_headers_and_without_those_of_the_platform() -> None:
    seen: list[DoorRequest] = []

    async def door(request: DoorRequest) -> DoorAnswer:
        seen.append(request)
        return DoorAnswer(201, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], b"done")

    start, end = asyncio.run(_ask(Doors({API: door}), HEADERS + OWNER))
    assert seen == [
        DoorRequest(
            method="POST",
            path="a1/prod/p%20q",
            query="a=1&a=2",
            headers=(("host", "here"), ("x-thing", "1"), ("x-thing", "2")),
            body=b"ab",
            signer=Signer("1", "arn:root", "u", ""),
            request_id="r1",
            source_ip="10.0.0.1",
        )
    ]
    assert start["status"] == 201
    assert start["headers"].count((b"Set-Cookie", b"a=1")) == 1
    assert (b"content-length", b"4") in start["headers"]
    assert end["body"] == b"done"


def test_headers_that_no_answer_may_have_are_left_out() -> None:
    async def door(request: DoorRequest) -> DoorAnswer:
        headers = [("Date", "x"), ("Content-Length", "9"), ("a b", "c"), ("X-A", "1\r\nX-B: 2")]
        return DoorAnswer(200, headers, b"ok")

    start, _ = asyncio.run(_ask(Doors({API: door}), HEADERS))
    assert start["headers"] == [(b"X-A", b"1  X-B: 2"), (b"content-length", b"2")]


def test_a_door_that_fails_answers_500_and_says_nothing_of_why() -> None:
    async def door(request: DoorRequest) -> DoorAnswer:
        raise RuntimeError("a secret")

    start, end = asyncio.run(_ask(Doors({API: door}), HEADERS))
    assert start["status"] == 500
    assert end["body"] == b'{"message":"Internal server error"}'
