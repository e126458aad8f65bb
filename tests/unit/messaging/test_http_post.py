"""Posts to subscribers: what counts as delivered, and that none takes for ever."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from argosy.messaging import http_post
from argosy.messaging.http_post import post
from tests.support.certificates import new_key


@contextmanager
def answering(
    *pieces: bytes, pause_s: float = 0.0, tls: ssl.SSLContext | None = None
) -> Iterator[tuple[str, list[bytes]]]:
    """A server for one request: its URL, and what it was sent."""
    got: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        if tls is not None:
            try:
                connection = tls.wrap_socket(connection, server_side=True)
            except OSError:
                return
        with connection:
            got.append(connection.recv(65536))
            for piece in pieces:
                try:
                    connection.sendall(piece)
                except OSError:
                    return
                time.sleep(pause_s)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/hook?a=b", got
    thread.join(60)
    server.close()


def head(status: str) -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:1/\r\n\r\n".encode()
    )


@pytest.mark.parametrize(
    ("status", "ok", "final"),
    [
        ("200 OK", True, False),
        ("204 No Content", True, False),
        ("302 Found", False, True),
        ("404 Not Found", False, True),
        ("429 Too Many Requests", False, False),
        ("500 Internal Server Error", False, False),
    ],
)
def test_the_status_decides(status: str, ok: bool, final: bool) -> None:
    with answering(head(status)) as (url, _):
        outcome = post(url, {}, b"x")

    assert (outcome.ok, outcome.final) == (ok, final)


def test_headers_path_and_password_are_sent() -> None:
    with answering(head("200 OK")) as (url, got):
        assert post(url.replace("http://", "http://me:p%40ss@"), {"X-A": "b"}, b"body").ok

    assert got[0].startswith(b"POST /hook?a=b HTTP/1.1\r\n")
    assert b"X-A: b\r\n" in got[0]
    assert b"authorization: Basic bWU6cEBzcw==\r\n" in got[0].replace(b"Auth", b"auth")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://", "http://[::bad/", "https://no.such.host.invalid/"]
)
def test_what_cannot_be_reached_may_be_tried_again(url: str) -> None:
    outcome = post(url, {}, b"x")

    assert (outcome.ok, outcome.final) == (False, False)
    assert outcome.why


def test_nonsense_is_no_delivery() -> None:
    with answering(b"hello\r\n\r\n") as (url, _):
        assert not post(url, {}, b"x").ok


def test_a_server_is_believed_only_with_a_certificate_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = new_key("127.0.0.1")
    pem = tmp_path / "server.pem"
    pem.write_text(made["key"] + made["certificate"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    with answering(head("200 OK"), tls=context) as (url, got):
        outcome = post(url.replace("http:", "https:"), {}, b"secret")
    assert (outcome.ok, outcome.final, got) == (False, False, [])

    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with answering(head("200 OK"), tls=context) as (url, _):
        assert post(url.replace("http:", "https:"), {}, b"secret").ok


def test_an_answer_that_trickles_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_post, "LIMIT_S", 0.5)
    began = time.monotonic()

    with answering(
        *[b"HTTP/1.1 200 OK\r\nX: "[n : n + 1] for n in range(18)] * 10, pause_s=0.1
    ) as (
        url,
        _,
    ):
        assert not post(url, {}, b"x").ok
        assert time.monotonic() - began < 12
