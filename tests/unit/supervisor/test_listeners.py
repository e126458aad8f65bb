"""The public sockets, and who may reach them."""

import socket

import pytest

from argosy.ground.errors import ArgosyError
from argosy.ground.settings import Settings
from argosy.supervisor.listeners import check_exposure, is_loopback, open_listeners


def test_all_edges_share_one_free_port() -> None:
    listeners = open_listeners("127.0.0.1", 0, 3)

    assert len({one.getsockname()[1] for one in listeners}) == 1
    for one in listeners:
        one.close()


def test_a_taken_port_is_named_even_when_its_owner_would_share_it() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(ArgosyError, match=rf"Port {port} of 127.0.0.1 is taken.*--port"):
            open_listeners("127.0.0.1", port, 1)


def test_a_host_that_is_not_ours_is_explained() -> None:
    with pytest.raises(ArgosyError, match=r"192\.0\.2\.1.*--host"):
        open_listeners("192.0.2.1", 0, 1)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "::1"])
def test_loopback_needs_no_tls(host: str) -> None:
    check_exposure(Settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "127.evil.example", "argosy"])
def test_other_hosts_need_tls_or_consent(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(ArgosyError, match="--tls-cert"):
        check_exposure(Settings(host=host))
    check_exposure(Settings(host=host, insecure=True))
    check_exposure(Settings(host=host, tls_cert="c.pem", tls_key="k.pem"))


def test_half_of_tls_is_refused() -> None:
    with pytest.raises(ArgosyError, match="together"):
        check_exposure(Settings(tls_cert="c.pem"))
