"""The bridge against real HTTP servers: well-behaved ones, and all the others."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.runtimes import frames
from tests.support.bridges import MOST, Bridge, bridge
from tests.support.endpoints import until
from tests.support.worker_client import Reply, WorkerClient


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """A bridge whose program serves, for tests that leave it alive."""
    with bridge(tmp_path_factory.mktemp("bridge")) as running:
        with running.connect() as client:
            assert running.load(client, environment={"GREETING": "hello"}) == {"ok": True}
        yield running


@pytest.fixture
def client(shared: Bridge) -> Iterator[WorkerClient]:
    with shared.connect() as connected:
        yield connected


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Bridge]:
    """A bridge of its own, with no program yet."""
    with bridge(tmp_path) as running:
        yield running


def said(reply: Reply) -> str:
    return reply.body.decode()


# what a batch transform may ask of it


@pytest.mark.parametrize("said", ['{"MaxConcurrentTransforms": 4}', ""])
def test_the_programs_execution_parameters_are_passed_on(fresh: Bridge, said: str) -> None:
    with fresh.connect() as client:
        assert client.ask(frames.PARAMETERS).status == 503
        assert fresh.load(client, environment={"PARAMETERS": said}) == {"ok": True}
        reply = client.ask(frames.PARAMETERS)
    assert (reply.status, reply.body) == (200 if said else 404, said.encode())


# what a request and an answer carry


def test_an_invocation_reaches_the_program_and_comes_back(client: WorkerClient) -> None:
    reply = client.predict(b"echo caf\xe9", "text/plain")

    assert (reply.kind, reply.status, reply.body) == (frames.RESPONSE, 200, b"caf\xe9")
    assert reply.head == {"content-type": "text/plain"}
    assert client.ping() == 200


def test_only_the_documented_headers_reach_the_program(client: WorkerClient) -> None:
    reply = client.predict(
        b"headers",
        "text/csv",
        "application/json",
        custom_attributes="a=1",
        session_id="s",
        inference_id="i",
        target_model="m.tar.gz",
        authorization="secret",
        x_injected="a\rX-Evil: 1",
    )

    got = {name.lower(): value for name, value in reply.json().items()}
    assert {k: v for k, v in got.items() if not k.startswith("x-amzn-sagemaker")} == {
        "content-type": "text/csv",
        "accept": "application/json",
        "host": got["host"],
        "content-length": "7",
    }
    assert got["x-amzn-sagemaker-custom-attributes"] == "a=1"
    assert got["x-amzn-sagemaker-session-id"] == "s"
    assert got["x-amzn-sagemaker-inference-id"] == "i"
    assert got["x-amzn-sagemaker-target-model"] == "m.tar.gz"


def test_only_the_documented_headers_come_back(client: WorkerClient) -> None:
    assert client.predict(b"attributes").head == {
        "custom-attributes": "trace=1",
        "new-session-id": "s-1; Expires=never",
    }


def test_the_program_has_the_containers_environment_and_no_other(client: WorkerClient) -> None:
    seen = client.predict(b"environment").json()

    assert seen["GREETING"] == "hello"
    assert "PYTHONPATH" not in seen
    assert "HOME" not in seen


def test_a_connection_is_used_again(client: WorkerClient) -> None:
    assert len({client.predict(b"connection").body for _ in range(5)}) == 1


def test_a_request_that_met_a_closing_connection_is_sent_again(client: WorkerClient) -> None:
    assert [client.predict(b"once").body for _ in range(4)] == [b"once"] * 4


def test_many_requests_are_open_at_once(client: WorkerClient) -> None:
    ids = client.send_many([(frames.REQUEST, b"sleep 0.4", {})] * 20)
    quick = client.send(frames.REQUEST, b"echo first")

    answered = [client.read() for _ in range(21)]

    assert answered[0].request_id == quick
    assert sorted(reply.request_id for reply in answered[1:]) == ids


def test_more_requests_than_connections_are_all_answered(client: WorkerClient) -> None:
    bodies = {b"echo %d" % number for number in range(600)}
    client.send_many([(frames.REQUEST, body, {}) for body in bodies])

    assert {b"echo " + client.read().body for _ in bodies} == bodies


def test_large_bodies_pass_both_ways(client: WorkerClient) -> None:
    body = os.urandom(MOST)

    assert client.predict(b"echo " + body).body == body


# kinds of answers


def test_errors_of_the_program_keep_their_status_and_text(client: WorkerClient) -> None:
    for status in (400, 415, 500, 503):
        reply = client.predict(b"status %d" % status)
        assert (reply.status, reply.body) == (status, b"because")


def test_chunks_are_joined_when_no_stream_was_asked_for(client: WorkerClient) -> None:
    assert client.predict(b"chunked one two three").body == b"onetwothree"


def test_an_answer_may_end_with_its_connection(client: WorkerClient) -> None:
    assert client.predict(b"unmeasured all of it").body == b"all of it"


def test_interim_answers_are_skipped(client: WorkerClient) -> None:
    assert client.predict(b"interim").body == b"at last"


def test_a_stream_comes_piece_by_piece(client: WorkerClient, tmp_path: Path) -> None:
    gates = [tmp_path / "first", tmp_path / "second"]
    for gate in gates:
        gate.touch()
    stream = client.stream(f"chunked {gates[0]} {gates[1]}".encode())

    first = next(stream)
    gates[0].unlink()
    second = next(stream)
    gates[1].unlink()

    assert (first.kind, first.head) == (frames.PART, {"content-type": "text/plain"})
    assert (said(first), said(second)) == (str(gates[0]), str(gates[1]))
    assert [(r.kind, r.status) for r in stream] == [(frames.END, 200)]


def test_a_stream_that_is_refused_is_a_plain_answer(client: WorkerClient) -> None:
    [reply] = client.stream(b"status 415")

    assert (reply.kind, reply.status, reply.body) == (frames.RESPONSE, 415, b"because")


# bad answers


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (b"early", "closed the connection before it answered"),
        (b"half", "closed the connection in the middle of its answer"),
        (b"garbage", "not HTTP/1.1"),
        (b"claim", f"larger than the limit of {MOST} bytes"),
    ],
)
def test_a_bad_answer_is_a_502_that_says_what_is_wrong(
    client: WorkerClient, asked: bytes, words: str
) -> None:
    reply = client.predict(asked)

    assert reply.status == 502
    assert words in said(reply)
    assert client.predict(b"echo still there").body == b"still there"


def test_ten_gigabytes_are_cut_at_the_limit(client: WorkerClient, tmp_path: Path) -> None:
    told = tmp_path / "told"

    reply = client.predict(f"endless {told}".encode())

    assert reply.status == 502
    assert f"limit of {MOST} bytes" in said(reply)
    until(lambda: told.exists() and told.read_text())
    assert int(told.read_text()) < 64 << 20


def test_a_stream_that_breaks_off_ends_with_an_error(client: WorkerClient) -> None:
    *_, end = client.stream(b"half")

    assert (end.kind, end.status) == (frames.END, 500)
    assert "in the middle of its answer" in said(end)


def test_a_stream_that_nobody_takes_is_held_at_the_program(
    shared: Bridge, client: WorkerClient, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    with shared.connect() as lazy:
        lazy.send(frames.STREAM, f"endless {told}".encode())
        assert lazy.read().kind == frames.PART
        until(lambda: _memory_is_steady(shared.process.pid, client))
    until(told.exists)


def test_a_cancelled_request_closes_its_connection(client: WorkerClient, tmp_path: Path) -> None:
    told = tmp_path / "told"
    asked = client.send(frames.REQUEST, f"wait {told}".encode())
    client.predict(b"echo the other one is open")

    client.send_bytes(frames.encode(frames.CANCEL, asked))

    until(told.exists)
    assert client.predict(b"echo nothing else came").body == b"nothing else came"


def test_requests_of_an_asker_that_left_are_cancelled(shared: Bridge, tmp_path: Path) -> None:
    told = tmp_path / "told"
    with shared.connect() as leaving:
        leaving.send(frames.REQUEST, f"wait {told}".encode())
        leaving.predict(b"echo it is open")

    until(told.exists)


def test_what_is_no_frame_breaks_that_connection_only(shared: Bridge, client: WorkerClient) -> None:
    with shared.connect() as odd:
        odd.send_bytes(b"\xff" * 64)
        with pytest.raises(ConnectionError):
            odd.read()
    assert client.ping() == 200


# starting


def test_before_a_load_nothing_is_served(fresh: Bridge) -> None:
    with fresh.connect() as client:
        assert client.ping() == 503
        assert client.predict(b"echo").status == 503


def test_a_program_is_loaded_once_ping_is_answered_well(fresh: Bridge, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    threading.Timer(0.5, flag.touch).start()
    with fresh.connect() as client:
        assert fresh.load(client, environment={"PING": f"good:{flag}"}) == {"ok": True}
        assert flag.exists()
        flag.unlink()
        assert client.ping() == 503
        again = fresh.load(client)
    assert again["ok"] is False
    assert "already" in again["reason"]
    assert "hello to stdout" in fresh.log
    assert "hello to stderr" in fresh.log


@pytest.mark.parametrize(
    ("ping", "words"),
    [("500", "answered with 500"), ("hang", "did not answer /ping within 2 s")],
)
def test_a_ping_that_is_never_answered_well_is_told(fresh: Bridge, ping: str, words: str) -> None:
    with fresh.connect() as client:
        loaded = fresh.load(client, environment={"PING": ping}, startup_s=5.0)

    assert loaded["ok"] is False
    assert words in loaded["reason"]


@pytest.mark.parametrize(
    ("script", "mode", "words"),
    [
        ("#!/bin/sh\nexit 3\n", 0o755, "serve exited with status 3"),
        ("#!/bin/sh\nkill -TERM $$\n", 0o755, "serve was ended by signal SIGTERM"),
        ("#!/bin/sh\n", 0o644, "is not executable"),
        ("#!/no/such/interpreter\n", 0o755, "interpreter that its first line names"),
        ("\x00\x01\x02", 0o755, "neither a program of this machine's kind nor a script"),
    ],
)
def test_a_program_that_does_not_start_is_told(
    fresh: Bridge, tmp_path: Path, script: str, mode: int, words: str
) -> None:
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "serve").write_text(script)
    (tmp_path / "image" / "serve").chmod(mode)
    with fresh.connect() as client:
        loaded = fresh.load(
            client, folder=tmp_path / "image", environment={"PATH": str(tmp_path / "image")}
        )

    assert loaded["ok"] is False
    assert words in loaded["reason"]


def test_another_command_than_serve_can_be_given(fresh: Bridge) -> None:
    with fresh.connect() as client:
        assert fresh.load(client, command=["python", "serve"]) == {"ok": True}
        assert client.predict(b"echo here").body == b"here"


# ending


def test_a_drained_bridge_answers_what_is_open_and_has_its_program_end(fresh: Bridge) -> None:
    with fresh.connect() as edge, fresh.connect() as agent:
        fresh.load(agent)
        edge.send(frames.REQUEST, b"sleep 0.5")
        edge.ping()
        agent.send(frames.DRAIN)
        replies = [edge.read()]
        edge.close()
        status = fresh.process.wait(60)

    assert replies[0].body == b"slept"
    assert status == 0
    assert "going" in fresh.log


def test_a_program_that_ignores_sigterm_is_killed(fresh: Bridge) -> None:
    with fresh.connect() as agent:
        fresh.load(agent, environment={"TERM": "ignore"}, grace_s=0.5)
        agent.send(frames.DRAIN)
        status = fresh.process.wait(60)

    assert status == 0
    assert "ignoring SIGTERM" in fresh.log
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", fresh.port))


def test_an_edge_that_stays_holds_up_a_drain_for_so_long_only(fresh: Bridge) -> None:
    with fresh.connect() as edge, fresh.connect() as agent:
        fresh.load(agent, drain_s=0.5)
        edge.ping()
        agent.send(frames.DRAIN)
        assert fresh.process.wait(60) == 0


@pytest.mark.parametrize(("status", "expected"), [(4, 4), (0, 1)])
def test_the_end_of_the_program_is_the_end_of_the_bridge(
    fresh: Bridge, status: int, expected: int
) -> None:
    with fresh.connect() as client:
        fresh.load(client)
        client.send(frames.REQUEST, b"exit %d" % status)
        with pytest.raises(ConnectionError):
            client.read()  # unanswered, so that an edge asks another instance
        assert fresh.process.wait(60) == expected

    assert fresh.log.splitlines()[-1] == f"Argosy: serve exited with status {status}"


def test_a_server_that_runs_already_is_connected_to(shared: Bridge, tmp_path: Path) -> None:
    address = f"127.0.0.1:{shared.port}"
    with bridge(tmp_path, "--connect", address) as connected, connected.connect() as client:
        assert client.ask(frames.LOAD, b"{}").json() == {"ok": True}
        assert client.predict(b"echo from there").body == b"from there"
        client.send(frames.DRAIN)
        assert connected.process.wait(60) == 0
    with shared.connect() as client:
        assert client.predict(b"echo still here").body == b"still here"


def test_nothing_behind_an_address_is_told(tmp_path: Path) -> None:
    missing = f"unix:{tmp_path / 'nobody.sock'}"
    with bridge(tmp_path, "--connect", missing) as connected, connected.connect() as client:
        body = json.dumps({"startup_s": 0.5}).encode()
        loaded = client.ask(frames.LOAD, body).json()

    assert "accepts no connections at unix:" in loaded["reason"]


def _memory_is_steady(pid: int, client: WorkerClient) -> bool:
    """Whether it took no more memory while others were answered; fails when it takes a lot."""
    before = _memory(pid)
    for _ in range(3):
        assert client.predict(b"sleep 0.2").body == b"slept"
    after = _memory(pid)
    assert after < 150 << 20
    return after - before < 1 << 20


def _memory(pid: int) -> int:
    """Resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_large_body_is_held_once_and_let_go(fresh: Bridge) -> None:
    size = 96 << 20
    with fresh.connect() as client:
        assert fresh.load(client) == {"ok": True}
        before = peak_mb(fresh)
        request = client.send(
            frames.STREAM, b"echo " + bytes(size - 5), content_type="text/plain", accept=""
        )
        received = 0
        while (part := client.read()).kind == frames.PART:
            assert part.request_id == request
            received += len(part.body)
        assert (part.kind, part.status, received) == (frames.END, 200, size - 5)
    assert peak_mb(fresh) - before < 1.4 * 96


def peak_mb(bridge: Bridge) -> int:
    status = Path(f"/proc/{bridge.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10
