"""The connections that an edge keeps to control, and a control that closes them at any moment.

What a client is told is at stake: no error because of a connection that was stale, and nothing
done twice.
"""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from argosy.access import tokens
from tests.support.raw import Answer, Reader, signed, wire
from tests.support.scripted_control import (
    Act,
    ScriptedControl,
    answer_for_the_last_time,
    answer_half_a_body,
    answer_half_a_head,
    answer_unread,
    close_half_read,
    close_read,
    close_unread,
    keep,
)
from tests.support.stage import KEY_ID, REGION, SECRET, Stage, stage, wait_until

WAIT_S = 60.0
LARGE = b"x" * (4 << 20)
CREATE = {"x-amz-target": "SageMaker.CreateModel"}
URL = "/_aws/lambda-url/abc/now"


@pytest.fixture(scope="module")
def scene() -> Iterator[Stage]:
    with stage() as built:
        built.on_disk(built.table())
        built.start_edge()
        yield built


@pytest.fixture
def control(scene: Stage) -> Iterator[ScriptedControl]:
    built = ScriptedControl(scene.folder.control_socket)
    try:
        yield built
    finally:
        built.close()


def create(body: bytes = b"{}") -> bytes:
    """A call that must not be done twice."""
    return wire("POST", "/", signed("POST", "/", body, CREATE), body)


def asked(scene: Stage, request: bytes) -> Answer | None:
    """The answer; None when the connection broke before there was one."""
    with scene.connect(WAIT_S) as connection:
        connection.sendall(request)
        return read(connection)


def read(connection: socket.socket) -> Answer | None:
    reader = Reader(connection)
    try:
        return reader.answer()
    finally:
        reader.close()


@contextmanager
def frozen(scene: Stage) -> Iterator[None]:
    """Meanwhile the edge does nothing; then it learns of everything at once."""
    assert scene.edge is not None
    pid = scene.edge.pid
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_one_connection_serves_many_calls(scene: Stage, control: ScriptedControl) -> None:
    for number in range(20):
        body = b"%d" % number
        answer = asked(scene, create(body))
        assert answer is not None
        assert (answer.status, answer.body) == (200, body)
    assert {called.connection for called in control.called} == {0}


def test_as_many_connections_as_calls_at_once_and_few_are_kept(
    scene: Stage, control: ScriptedControl
) -> None:
    control.script.extend([keep] * 40)
    clients = [scene.connect(WAIT_S) for _ in range(40)]
    for client in clients:
        client.sendall(create())
    wait_until(lambda: len(control.kept) == 40, WAIT_S)
    control.answer_kept()
    answers = [read(client) for client in clients]
    for client in clients:
        client.close()
    assert {answer.body for answer in answers if answer is not None} == {b"kept"}
    wait_until(lambda: control.ended == 8, WAIT_S)
    assert control.open == 32


@pytest.mark.parametrize("call_first", [True, False])
def test_a_connection_that_control_closed_unnoticed_is_no_error(
    scene: Stage, control: ScriptedControl, call_first: bool
) -> None:
    """The edge learns of the call, or of the end of the connection, first."""
    with scene.connect(WAIT_S) as client:
        client.sendall(create(b"before"))
        assert read(client)
        with frozen(scene):
            for act in [client.sendall, lambda _: control.hang_up()][:: 1 if call_first else -1]:
                act(create(b"after"))
        answer = read(client)
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"after")
    assert [called.body for called in control.called] == [b"before", b"after"]


def test_many_that_were_closed_unnoticed_are_no_error(
    scene: Stage, control: ScriptedControl
) -> None:
    control.script.extend([keep] * 10)
    clients = [scene.connect(WAIT_S) for _ in range(10)]
    for client in clients:
        client.sendall(create(b"before"))
    wait_until(lambda: len(control.kept) == 10, WAIT_S)
    control.answer_kept()
    for client in clients:
        assert read(client) is not None
    with frozen(scene):
        for number, client in enumerate(clients):
            client.sendall(create(b"%d" % number))
        control.restart()
    answers = [read(client) for client in clients]
    for client in clients:
        client.close()
    assert [a and a.status for a in answers] == [200] * 10
    assert sorted(called.body for called in control.called[10:]) == [b"%d" % n for n in range(10)]


@pytest.mark.parametrize("body", [b"{}", LARGE], ids=["small", "large"])
@pytest.mark.parametrize("act", [close_unread, close_half_read], ids=["unread", "half read"])
@pytest.mark.parametrize("warm", [True, False], ids=["kept", "new"])
def test_a_call_that_control_did_not_read_to_its_end_is_sent_again(
    scene: Stage, control: ScriptedControl, warm: bool, act: Act, body: bytes
) -> None:
    if act is close_half_read and len(body) < 1000:
        body = b"y" * 2000
    if warm:
        assert asked(scene, create(b"before"))
    control.script.append(act)
    answer = asked(scene, create(body))
    assert answer is not None
    assert (answer.status, answer.body) == (200, body)
    assert [called.body for called in control.called][-1:] == [body]
    assert len(control.called) == warm + 1


def test_a_call_that_was_never_accepted_waits_for_the_next_control(
    scene: Stage, control: ScriptedControl
) -> None:
    control.deafen()
    with scene.connect(WAIT_S) as client:
        client.sendall(create(b"waits"))
        wait_until(control.somebody_waits, WAIT_S)
        control.restart()
        answer = read(client)
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"waits")
    assert len(control.called) == 1


def test_a_control_that_reads_nothing_time_and_again_is_given_up(
    scene: Stage, control: ScriptedControl
) -> None:
    control.script.extend([close_unread] * 10)
    answer = asked(scene, create())
    assert answer is not None
    assert answer.status == 503
    assert len(control.script) == 6


@pytest.mark.parametrize("act", [close_read, answer_half_a_head], ids=["silent", "half a head"])
@pytest.mark.parametrize(
    "request_of", [create, lambda: wire("GET", URL, {"host": "edge"})], ids=["POST", "GET"]
)
@pytest.mark.parametrize("warm", [True, False], ids=["kept", "new"])
def test_what_control_may_have_done_is_not_asked_again(
    scene: Stage, control: ScriptedControl, warm: bool, request_of: object, act: Act
) -> None:
    assert callable(request_of)
    if warm:
        assert asked(scene, create(b"before"))
    control.script.append(act)
    answer = asked(scene, request_of())
    assert answer is not None
    assert answer.status == 503
    assert asked(scene, create(b"the next"))
    assert len(control.called) == warm + 2


def test_half_an_answer_is_never_taken_for_a_whole_one(
    scene: Stage, control: ScriptedControl
) -> None:
    control.script.append(answer_half_a_body)
    with scene.connect(WAIT_S) as client:
        client.sendall(create())
        got = b""
        while data := client.recv(1 << 16):
            got += data
    assert got.endswith(b"half")
    assert b"Content-Length: 100" in got
    assert asked(scene, create(b"the next"))
    assert len(control.called) == 2


def test_a_connection_on_which_control_says_goodbye_is_not_used_again(
    scene: Stage, control: ScriptedControl
) -> None:
    control.script.append(answer_for_the_last_time)
    for body in (b"last", b"first"):
        answer = asked(scene, create(body))
        assert answer is not None
        assert (answer.status, answer.body) == (200, body)
    assert [called.connection for called in control.called] == [0, 1]


def test_a_connection_with_an_answer_to_nothing_is_not_used_again(
    scene: Stage, control: ScriptedControl
) -> None:
    assert asked(scene, create(b"before"))
    with scene.connect(WAIT_S) as client:
        with frozen(scene):
            control.send_unasked(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")
        wait_until(lambda: control.ended == 1, WAIT_S)
        client.sendall(create(b"after"))
        answer = read(client)
    assert answer is not None
    assert answer.body == b"after"


def test_a_call_that_was_answered_before_it_was_read_spoils_no_other(
    scene: Stage, control: ScriptedControl
) -> None:
    control.script.append(answer_unread)
    early = asked(scene, create(LARGE))
    assert early is not None
    assert early.body == b"early"
    answer = asked(scene, create(b"after"))
    assert answer is not None
    assert answer.body == b"after"


def test_a_client_that_leaves_ends_its_call_and_its_connection(
    scene: Stage, control: ScriptedControl
) -> None:
    control.script.append(keep)
    with scene.connect(WAIT_S) as client:
        client.sendall(create(b"left"))
        wait_until(lambda: control.kept, WAIT_S)
    wait_until(lambda: control.ended == 1, WAIT_S)
    answer = asked(scene, create(b"after"))
    assert answer is not None
    assert answer.body == b"after"
    assert [called.connection for called in control.called] == [0, 1]


def test_calls_wait_for_a_control_that_restarts(scene: Stage, control: ScriptedControl) -> None:
    assert asked(scene, create(b"before"))
    path = scene.folder.control_socket
    control.close()
    later: list[ScriptedControl] = []
    timer = threading.Timer(0.5, lambda: later.append(ScriptedControl(path)))
    timer.start()
    try:
        answer = asked(scene, create(b"after"))
    finally:
        timer.join()
        later[0].close()
    assert answer is not None
    assert answer.body == b"after"


def test_an_upload_to_the_registry_never_meets_a_stale_connection(
    scene: Stage, control: ScriptedControl
) -> None:
    """Its body is passed on as it comes, and cannot be sent again."""
    target, headers = "/v2/a/blobs/uploads/1", {"host": "edge", "authorization": basic()}
    with scene.connect(WAIT_S) as client:
        client.sendall(create(b"before"))
        assert read(client)
        with frozen(scene):
            client.sendall(wire("PATCH", target, headers, b"layer" * 1000))
            control.hang_up()
        answer = read(client)
    assert answer is not None
    assert answer.status == 200
    assert control.called[-1].body == b"layer" * 1000


def test_a_request_of_the_registry_without_a_body_is_as_any_call(
    scene: Stage, control: ScriptedControl
) -> None:
    target, headers = "/v2/a/blobs/uploads/", {"host": "edge", "authorization": basic()}
    for _ in range(2):
        answer = asked(scene, wire("POST", target, headers))
        assert answer is not None
        assert answer.status == 200
    assert {called.connection for called in control.called} == {0}


def basic() -> str:
    """What docker sends after a login."""
    grant = tokens.Grant(KEY_ID, REGION, int(time.time()) + 600)
    return tokens.basic(tokens.make(grant, SECRET))
