"""HTTP as it should not be: broken, split, slow, pipelined, unsigned. The edge must stay up."""

import contextlib
import json
import random
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.raw import INVOKE, Answer, Reader, invocation, signed, wire
from tests.support.stage import SECRET, Stage, stage, variant, wait_until


@pytest.fixture(scope="module")
def scene() -> Iterator[Stage]:
    with stage() as built:
        built.start_control()
        built.start_store()
        built.on_disk(built.table(variant("v", built.worker("w"))))
        built.start_edge()
        yield built


def exchange(scene: Stage, *pieces: bytes, pause_s: float = 0.0) -> Answer:
    """Send pieces on a new connection; the first answer that is not 100 Continue."""
    with talk(scene) as (connection, reader):
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause_s)
        answer = reader.answer()
        while answer is not None and answer.status == 100:
            answer = reader.answer()
        assert answer is not None
        return answer


@contextlib.contextmanager
def talk(scene: Stage) -> Iterator[tuple[object, Reader]]:
    with scene.connect() as connection:
        reader = Reader(connection)
        try:
            yield connection, reader
        finally:
            reader.close()


def alive(scene: Stage) -> None:
    assert exchange(scene, invocation(b"alive")).body == b"alive"


# -- signatures, end to end


def test_a_true_signature_is_accepted_also_when_the_client_is_known(scene: Stage) -> None:
    with talk(scene) as (connection, reader):
        for body in (b"one", b"two", b"three"):
            connection.sendall(invocation(body))
            assert reader.answer().body == body


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"authorization": ""}, "MissingAuthenticationTokenException"),
        ({"x-amz-date": "20200101T000000Z"}, "InvalidSignatureException"),
        ({"host": "elsewhere"}, "InvalidSignatureException"),
        ({"x-amz-more": "1"}, "InvalidSignatureException"),
        ({"authorization": "Basic abc"}, "IncompleteSignatureException"),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=a/b"}, "IncompleteSignatureException"),
    ],
)
def test_a_false_signature_is_refused(
    scene: Stage, change: dict[str, str], code: str, known: bool
) -> None:
    if known:
        alive(scene)
    headers = {**signed("POST", INVOKE, b"alive"), **change}
    answer = exchange(
        scene, wire("POST", INVOKE, {k: v for k, v in headers.items() if v}, b"alive")
    )
    assert answer.status == 403
    assert answer.headers["x-amzn-errortype"] == code
    assert json.loads(answer.body)["Message"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"secret": SECRET + "x"}, "InvalidSignatureException"),
        ({"key_id": "AKIANOBODY"}, "UnrecognizedClientException"),
        ({"service": "logs"}, "InvalidSignatureException"),
        ({"now": time.time() - 36_000}, "InvalidSignatureException"),
        ({"now": time.time() + 36_000}, "InvalidSignatureException"),
        ({"payload_hash": "0" * 64}, "InvalidSignatureException"),
    ],
)
def test_a_signature_made_wrongly_is_refused(scene: Stage, more: dict, code: str) -> None:
    alive(scene)
    answer = exchange(scene, wire("POST", INVOKE, signed("POST", INVOKE, b"x", **more), b"x"))
    assert answer.headers["x-amzn-errortype"] == code


def test_another_body_under_a_known_signature_is_refused(scene: Stage) -> None:
    good = signed("POST", INVOKE, b"good")
    assert exchange(scene, wire("POST", INVOKE, good, b"good")).status == 200
    assert exchange(scene, wire("POST", INVOKE, good, b"evil")).status == 403


def test_a_signature_for_one_endpoint_does_not_open_another(scene: Stage) -> None:
    headers = signed("POST", INVOKE, b"x")
    answer = exchange(scene, wire("POST", "/endpoints/other/invocations", headers, b"x"))
    assert answer.status == 403


def test_a_known_signature_does_not_open_another_method(scene: Stage) -> None:
    headers = signed("POST", INVOKE)
    assert exchange(scene, wire("POST", INVOKE, headers)).status == 200
    assert exchange(scene, wire("PUT", INVOKE, headers)).status in (400, 403)


def test_a_key_that_is_taken_away_opens_nothing_any_more() -> None:
    with stage() as scene:
        scene.start_feed()
        entry = variant("v", scene.worker("w"))
        scene.on_disk(scene.table(entry))
        scene.start_edge()
        alive(scene)
        table = scene.table(entry)
        table["keys"] = {"AKIAOTHER": {**next(iter(table["keys"].values())), "secret": "other"}}
        scene.publish(table)
        assert exchange(scene, invocation(b"x")).status == 403


# -- framing


def test_pipelined_requests_are_answered_in_order(scene: Stage) -> None:
    bodies = [b'{"sleep": 0.2}', *(b"%d" % n for n in range(50))]
    with talk(scene) as (connection, reader):
        connection.sendall(b"".join(invocation(body) for body in bodies))
        assert [reader.answer().body for _ in bodies] == [b"slept", *bodies[1:]]


def test_a_request_may_come_byte_by_byte(scene: Stage) -> None:
    data = invocation(b"slow")
    assert exchange(scene, *(data[i : i + 1] for i in range(len(data)))).body == b"slow"


@pytest.mark.parametrize("cut", [100, 400, 700_000, 1_000_400])
def test_large_bodies_may_be_cut_anywhere_and_followed_at_once(scene: Stage, cut: int) -> None:
    bodies = [b"a" * 1_000_000, b"b" * 2_000_000, b"c"]
    data = b"".join(invocation(body) for body in bodies)
    with talk(scene) as (connection, reader):
        connection.sendall(data[:cut])
        time.sleep(0.05)
        connection.sendall(data[cut:])
        assert [reader.answer().body for _ in bodies] == bodies


def test_chunked_bodies_are_read(scene: Stage) -> None:
    headers = signed("POST", INVOKE, b"hello world")
    lines = "".join(f"{n}: {v}\r\n" for n, v in headers.items())
    head = f"POST {INVOKE} HTTP/1.1\r\n{lines}Transfer-Encoding: chunked\r\n\r\n".encode()
    chunks = b"5\r\nhello\r\n1;ext=1\r\n \r\n5\r\nworld\r\n0\r\nX-Trailer: host\r\n\r\n"
    assert exchange(scene, head + chunks).body == b"hello world"


def test_a_body_is_asked_for_when_the_client_waits_for_it(scene: Stage) -> None:
    headers = {**signed("POST", INVOKE, b"late"), "expect": "100-continue"}
    data = wire("POST", INVOKE, headers, b"late")
    with talk(scene) as (connection, reader):
        connection.sendall(data[:-4])
        assert reader.answer().status == 100
        connection.sendall(data[-4:])
        assert reader.answer().body == b"late"


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(scene: Stage) -> None:
    headers = {**signed("POST", INVOKE), "expect": "100-continue", "content-length": "99999999"}
    lines = "".join(f"{n}: {v}\r\n" for n, v in headers.items())
    answer = exchange(scene, f"POST {INVOKE} HTTP/1.1\r\n{lines}\r\n".encode())
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "ValidationError"


def test_a_chunked_body_that_never_ends_is_refused(scene: Stage) -> None:
    headers = signed("POST", INVOKE)
    lines = "".join(f"{n}: {v}\r\n" for n, v in headers.items())
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    with talk(scene) as (connection, reader):
        connection.sendall(
            f"POST {INVOKE} HTTP/1.1\r\n{lines}Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        for _ in range(27):
            connection.sendall(chunk)
        assert reader.answer().status == 400


def test_http_1_0_is_answered_and_closed(scene: Stage) -> None:
    data = invocation(b"old").replace(b"HTTP/1.1", b"HTTP/1.0")
    with talk(scene) as (connection, reader):
        connection.sendall(data)
        assert reader.answer().body == b"old"
        assert reader.at_end()


def test_a_request_without_any_header_is_answered(scene: Stage) -> None:
    assert exchange(scene, b"POST / HTTP/1.0\r\n\r\n").status == 403


def test_connection_close_is_honoured(scene: Stage) -> None:
    data = invocation(b"bye").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with talk(scene) as (connection, reader):
        connection.sendall(data)
        assert reader.answer().body == b"bye"
        assert reader.at_end()


def test_an_upgrade_is_not_taken_up(scene: Stage) -> None:
    upgrade = b"\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
    with talk(scene) as (connection, reader):
        connection.sendall(invocation(b"x").replace(b"\r\n\r\n", upgrade) + invocation(b"y"))
        assert reader.answer().body == b"x"
        assert reader.answer().body == b"y"


MALFORMED = {
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50,
    "a bare word": b"HELLO\r\n\r\n",
    "an unknown version": b"GET / HTTP/9.9\r\n\r\n",
    "a space in a header's name": b"GET / HTTP/1.1\r\nBad Header: 1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "a length and chunks": (
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "a negative length": b"POST / HTTP/1.1\r\nContent-Length: -3\r\n\r\n",
    "a bad chunk": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
    "a control character": b"GET / HTTP/1.1\r\nHost: a\x01b\r\n\r\n",
    "a lone line feed": b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
    "a proxy's target": b"GET http://elsewhere/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tunnel": b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "too many headers": b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    "a head that is too large": b"GET / HTTP/1.1\r\nA: " + b"x" * 100_000,
    "a target that is too large": b"GET /" + b"x" * 100_000,
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_what_is_not_well_formed_is_answered_by_400_and_closed(scene: Stage, kind: str) -> None:
    with talk(scene) as (connection, reader):
        connection.sendall(MALFORMED[kind])
        answer = reader.answer()
        assert answer.status == 400
        if "target" not in kind and "tunnel" not in kind:
            assert reader.at_end()
    alive(scene)


def test_garbage_after_a_request_does_not_hurt_that_request(scene: Stage) -> None:
    with talk(scene) as (connection, reader):
        connection.sendall(invocation(b'{"sleep": 0.1}') + b"\0garbage\r\n\r\n")
        assert reader.answer().body == b"slept"
        assert reader.answer().status == 400
        assert reader.at_end()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_mangled_requests_split_anywhere_never_hurt_the_others(
    scene: Stage, data: st.DataObject
) -> None:
    put = signed("PUT", "/b/k", b"object", service="s3")
    call = signed("POST", "/", b"{}", {"x-amz-target": "SageMaker.ListModels"})
    kinds = [
        invocation(b'{"x": 1}', content_type="application/json") * 2,
        wire("PUT", "/b/k", put, b"object") * 2,
        wire("POST", "/", call, b"{}"),
    ]
    whole = bytearray(data.draw(st.sampled_from(kinds)))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "insert"])):
            case "flip":
                whole[at] = data.draw(st.integers(0, 255))
            case "cut":
                del whole[at : at + data.draw(st.integers(1, 40))]
            case "insert":
                whole[at:at] = data.draw(st.binary(min_size=1, max_size=20))
        if not whole:
            return
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    with scene.connect() as connection:
        for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
            with contextlib.suppress(OSError):
                connection.sendall(bytes(whole[start:end]))
        if data.draw(st.booleans()):
            connection.settimeout(0.02)
            with contextlib.suppress(OSError):
                connection.recv(65536)
    alive(scene)
    assert scene.edge is not None
    assert scene.edge.poll() is None
    assert "Traceback" not in scene.edge_log()


def test_clients_that_hang_up_early_leave_nothing_behind(scene: Stage) -> None:
    dice = random.Random(1)
    data = invocation(b'{"sleep": 5}')
    for _ in range(60):
        with scene.connect() as connection:
            connection.sendall(data[: dice.randrange(1, len(data) + 1)])
    alive(scene)
    assert scene.edge is not None
    pid = scene.edge.pid
    wait_until(lambda: len(sockets_of(pid)) < 20)


def sockets_of(pid: int) -> list[str]:
    import os

    links = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            links.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
    return [link for link in links if link.startswith("socket:")]


def test_bodies_that_wait_are_bounded_in_sum() -> None:
    with stage(edge_buffer_mb=4) as scene:
        scene.on_disk(scene.table(variant("v", scene.worker("w"))))
        scene.start_edge()
        big = b"x" * (3 * 1024 * 1024)
        with talk(scene) as (one, _), talk(scene) as (two, reader):
            one.sendall(invocation(big)[:-10])
            time.sleep(0.3)
            two.sendall(invocation(big))
            assert reader.answer().status == 503
            two.sendall(invocation(b"small"))
            assert reader.answer().body == b"small"
        wait_until(lambda: exchange(scene, invocation(big)).status == 200)


def test_tls_is_spoken_when_there_is_a_certificate(tmp_path) -> None:
    import ssl
    import subprocess

    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    with stage(tls_cert=str(cert), tls_key=str(key)) as scene:
        scene.on_disk(scene.table(variant("v", scene.worker("w"))))
        scene.start_edge()
        context = ssl.create_default_context(cafile=str(cert))
        with context.wrap_socket(scene.connect(), server_hostname="127.0.0.1") as connection:
            reader = Reader(connection)
            connection.sendall(invocation(b"secret" * 100_000))
            assert reader.answer().body == b"secret" * 100_000
            reader.close()
