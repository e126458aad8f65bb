"""The public sockets: one per edge on one port, opened here and never closed while we live.

The kernel takes connections as long as somebody holds a listening socket, so a client that comes
while an edge restarts waits instead of being refused.
"""

import errno
import socket

from argosy.ground.errors import ArgosyError
from argosy.ground.settings import Settings

_BACKLOG = 4096


def is_loopback(host: str) -> bool:
    """True for addresses that only this machine reaches."""
    if host == "localhost":
        return True
    for family, loopback in ((socket.AF_INET, b"\x7f"), (socket.AF_INET6, bytes(15) + b"\x01")):
        try:
            return socket.inet_pton(family, host).startswith(loopback)
        except OSError:
            continue
    return False


def check_exposure(settings: Settings) -> None:
    """Raises ArgosyError when the port would be open to others without TLS and without consent."""
    if settings.metrics_open and not is_loopback(settings.host):
        raise ArgosyError(
            f"ARGOSY_METRICS_OPEN answers /metrics without a token, and --host {settings.host} can "
            "be reached from other machines: give Prometheus the token (`argosy metrics --token`)."
        )
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise ArgosyError("Give --tls-cert and --tls-key together.")
    if not (is_loopback(settings.host) or settings.tls_cert or settings.insecure):
        raise ArgosyError(
            f"--host {settings.host} can be reached from other machines: give --tls-cert and "
            "--tls-key, or --insecure to allow plain HTTP there."
        )


def open_listeners(host: str, port: int, count: int) -> list[socket.socket]:
    """`count` listening sockets that share one port; port 0 takes a free one.

    Raises ArgosyError when the port is taken or the address is not ours.
    """
    listeners: list[socket.socket] = []
    try:
        if port:
            _probe(host, port)
        for _ in range(count):
            listeners.append(_listener(host, port, shared=True))
            port = listeners[0].getsockname()[1]
    except OSError as error:
        for listener in listeners:
            listener.close()
        raise ArgosyError(_explain(error, host, port)) from error
    return listeners


def _probe(host: str, port: int) -> None:
    """Fail when anybody listens there: sharing would not, were it another platform of ours."""
    _listener(host, port, shared=False).close()


def _listener(host: str, port: int, *, shared: bool) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken by another program; choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has; choose one above 1023."
    return f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another --host."
