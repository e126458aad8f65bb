"""One edge process from start to end."""

import asyncio
import contextlib
import gc
import logging
import math
import os
import resource
import signal
import socket
import ssl
import time

from argosy.edge.backends import Backends
from argosy.edge.connection import Connection
from argosy.edge.feed import Feed
from argosy.edge.gate import Gate
from argosy.edge.tracing import TracedInvoker
from argosy.ground.errors import ArgosyError
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.ground.tasks import cancel
from argosy.telemetry.tracing import start as start_tracing

log = logging.getLogger(__name__)

SWEEP_S = 0.5
_FIRST_TABLE_S = 1.0
_FAREWELL_S = 5.0
_BEFORE_THE_END_S = 0.1
_BACKLOG = 1024


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then finish what is begun, for up to five seconds.

    Raises ArgosyError when the port is taken or the certificate cannot be used.
    """
    folder = DataDir.at(settings.data_dir)
    raise_file_limit()
    gate = Gate(settings, Backends(settings, folder))
    tracing = start_tracing(settings, "edge")
    if tracing is not None:
        gate.invoker = TracedInvoker(gate, tracing)
    feed = Feed(gate, folder.feed_socket)
    feed.load(folder.routes)
    feed.connect()
    await _first_table(gate)
    listening = listening_socket(settings)
    server = await gate.loop.create_server(
        lambda: Connection(gate), sock=listening, ssl=tls_context(settings), backlog=_BACKLOG
    )
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gate.loop.add_signal_handler(number, stopped.set)
    sweeper = gate.loop.create_task(_sweep(gate, feed))
    calm_collector()
    await stopped.wait()
    server.close()
    await _farewell(gate)
    await cancel(sweeper)
    feed.flush()
    gate.recorder.close()
    if tracing is not None:
        tracing.close()


async def _first_table(gate: Gate) -> None:
    """Wait a moment for a table, so that the first requests find their endpoints."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_FIRST_TABLE_S):
            await gate.has_table.wait()


async def _sweep(gate: Gate, feed: Feed) -> None:
    while True:
        pause, flush = next_sweep(time.time())
        await asyncio.sleep(pause)
        gate.sweep()
        if flush:
            feed.flush()


def next_sweep(now: float) -> tuple[float, bool]:
    """Seconds until the next sweep, and whether metrics are told then: every second just before it
    ends, so that what is counted in it is known when alarms look at it, and each has one line."""
    number = math.floor((now + _BEFORE_THE_END_S) / SWEEP_S) + 1
    return number * SWEEP_S - _BEFORE_THE_END_S - now, number % round(1 / SWEEP_S) == 0


async def _farewell(gate: Gate) -> None:
    """Let requests in progress end."""
    until = gate.loop.time() + _FAREWELL_S
    while gate.loop.time() < until:
        busy = [c for c in gate.connections if c.current is not None]
        for connection in gate.connections - set(busy):
            connection.close()
        if not busy:
            return
        await asyncio.sleep(0.02)


def listening_socket(settings: Settings) -> socket.socket:
    """The socket the supervisor gave us, or one of our own. Raises ArgosyError."""
    inherited = os.environ.get("ARGOSY_LISTEN_FD")
    if inherited is not None:
        return socket.socket(fileno=int(inherited))
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise ArgosyError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}"
        ) from None
    return listening


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """The certificate of the public port; None without one. Raises ArgosyError."""
    if not settings.tls_cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key or None)
    except OSError as error:
        raise ArgosyError(f"cannot use the certificate {settings.tls_cert}: {error}") from None
    return context


def raise_file_limit() -> None:
    """As many connections as the system lets this user have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def calm_collector() -> None:
    """What is there now stays; requests leave next to nothing for the collector."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
