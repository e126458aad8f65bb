"""Time and order on a client's connection: a clock that is moved, a transport that only notes."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from argosy.edge import connection as module
from argosy.edge.connection import Connection
from argosy.edge.request import Request
from argosy.edge.shape import Shapes


class FakeTransport:
    """Notes what is done to it."""

    def __init__(self) -> None:
        self.sent = b""
        self.state = "open"
        self.reading = True
        self.buffered = 0

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.state = "closed"

    def abort(self) -> None:
        self.state = "aborted"

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.state = "half closed"

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_write_buffer_size(self) -> int:
        return self.buffered


class FakeGate:
    """Takes requests and answers none of them by itself."""

    max_payload = 1 << 20

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.now = 1000.0
        self.shapes = Shapes()
        self.connections: set[Any] = set()
        self.begun: list[Request] = []
        self.dispatched: list[Request] = []

    def begin(self, request: Request) -> None:
        self.begun.append(request)

    def dispatch(self, request: Request) -> None:
        self.dispatched.append(request)

    def hold_bytes(self, request: Request, size: int) -> None:
        request.held += size

    def free_bytes(self, request: Request) -> None:
        request.held = 0

    def refusal(self, status: int, code: str, message: str) -> bytes:
        return b"%d" % status


class Scene:
    """A connection between a fake transport and a fake gate."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.gate = FakeGate(self.loop)
        self.transport = FakeTransport()
        self.connection = Connection(self.gate)  # type: ignore[arg-type]
        self.connection.connection_made(self.transport)  # type: ignore[arg-type]

    def receive(self, data: bytes) -> None:
        self.connection.data_received(data)

    def later(self, seconds: float) -> None:
        self.gate.now += seconds
        self.connection.sweep(self.gate.now)

    def turn(self) -> None:
        self.loop.run_until_complete(asyncio.sleep(0))


@pytest.fixture
def scene() -> Iterator[Scene]:
    built = Scene()
    yield built
    built.loop.close()


WHOLE = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"


def test_a_head_that_drips_in_is_given_up_after_its_time(scene: Scene) -> None:
    for byte in WHOLE[:30]:
        scene.receive(bytes([byte]))
        scene.later(1.0)
    assert scene.transport.sent == b"408"
    assert scene.gate.begun == []


@pytest.mark.parametrize("before", [1, 5000])
def test_what_comes_before_a_head_in_one_piece_is_not_part_of_it(scene: Scene, before: int) -> None:
    size = 200_000 // before
    first = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size
    whole = (first + b"x" * size) * before + WHOLE
    scene.receive(whole[:10])
    scene.receive(whole[10:-20])
    scene.receive(whole[-20:])
    assert scene.transport.sent == b""
    assert scene.connection.current is scene.gate.dispatched[0]


def test_a_head_without_end_is_refused_wherever_it_begins(scene: Scene) -> None:
    scene.receive(WHOLE + b"GET /y HTTP/1.1\r\nHost: h\r\nX: " + b"y" * 100)
    scene.connection.answer(scene.gate.dispatched[0], b"first ")
    for _ in range(20):
        scene.receive(b" /y" * 2000)
    assert scene.transport.sent == b"first 400"


def test_a_body_that_stops_is_given_up_and_one_that_flows_is_not(scene: Scene) -> None:
    scene.receive(b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(10):
        scene.receive(b"x")
        scene.later(module.BODY_TIMEOUT_S - 1)
    assert scene.transport.sent == b""
    scene.later(module.BODY_TIMEOUT_S)
    assert scene.transport.sent == b"408"


def test_a_body_we_do_not_take_is_waited_for(scene: Scene) -> None:
    scene.receive(b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n")
    scene.connection.hold(module.UPSTREAM)
    for _ in range(10):
        scene.later(module.BODY_TIMEOUT_S)
    assert scene.transport.sent == b""


def test_an_idle_connection_is_closed_after_its_time(scene: Scene) -> None:
    scene.later(module.IDLE_TIMEOUT_S - 1)
    assert scene.transport.state == "open"
    scene.later(2)
    assert scene.transport.state == "closed"


def test_a_connection_that_waits_for_its_answer_is_left_alone(scene: Scene) -> None:
    scene.receive(WHOLE)
    scene.later(10_000)
    assert scene.transport.state == "open"


def test_a_client_that_takes_nothing_is_cut_off(scene: Scene) -> None:
    scene.receive(WHOLE)
    scene.transport.buffered = 1000
    scene.connection.pause_writing()
    scene.later(module.STALL_TIMEOUT_S - 1)
    scene.transport.buffered = 900
    scene.later(2)
    scene.later(module.STALL_TIMEOUT_S - 1)
    assert scene.transport.state == "open"
    scene.later(2)
    assert scene.transport.state == "aborted"


def test_requests_sent_ahead_wait_and_reading_pauses(scene: Scene) -> None:
    scene.receive(WHOLE * 3)
    first = scene.gate.dispatched[0]
    assert len(scene.gate.dispatched) == 1
    assert not scene.transport.reading
    scene.connection.answer(first, b"1")
    scene.turn()
    scene.connection.answer(scene.gate.dispatched[1], b"2")
    scene.turn()
    assert scene.transport.reading
    scene.connection.answer(scene.gate.dispatched[2], b"3")
    assert scene.transport.sent == b"123"


def test_a_late_answer_to_a_request_that_was_given_up_is_dropped(scene: Scene) -> None:
    scene.receive(WHOLE)
    (request,) = scene.gate.dispatched
    scene.connection.connection_lost(None)
    scene.connection.answer(request, b"late")
    assert scene.transport.sent == b""


def test_whoever_works_on_a_request_is_told_when_the_client_goes(scene: Scene) -> None:
    class Waiter:
        abandoned = 0

        def abandon(self) -> None:
            self.abandoned += 1

    scene.receive(WHOLE)
    waiter = scene.gate.dispatched[0].waiter = Waiter()
    scene.connection.connection_lost(None)
    assert waiter.abandoned == 1


def test_a_request_answered_before_its_body_came_has_the_rest_dropped(scene: Scene) -> None:
    scene.receive(WHOLE[:-1])
    scene.connection.answer(scene.gate.begun[0], b"no")
    scene.receive(WHOLE[-1:] + WHOLE)
    assert [b"".join(request.parts) for request in scene.gate.dispatched] == [b"hi"]
    assert scene.transport.state == "open"


def test_a_connection_that_lingers_is_closed_in_the_end(scene: Scene) -> None:
    scene.receive(b"\0\0\r\n\r\n")
    assert (scene.transport.sent, scene.transport.state) == (b"400", "half closed")
    scene.later(module.LINGER_S + 1)
    assert scene.transport.state == "aborted"


@pytest.mark.parametrize("step", [1, 7, 50])
def test_the_pieces_of_a_request_make_the_same_request(scene: Scene, step: int) -> None:
    for start in range(0, len(WHOLE), step):
        scene.receive(WHOLE[start : start + step])
    (request,) = scene.gate.dispatched
    assert (request.method, request.target, b"".join(request.parts)) == (b"POST", b"/x", b"hi")
    assert request.text("host") == "h"
