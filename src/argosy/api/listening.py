"""Serves the app on a Unix socket that only this user can open, until a signal ends it."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from argosy.api.app import App

_GRACE_S = 5
"""How long open requests may take to finish once a signal has come."""

_KEEP_ALIVE_S = 24 * 3600
"""Edges keep their connections; closing an idle one could cross with a request."""


async def listen(app: App, path: Path, ending: Callable[[], None] | None = None) -> None:
    """Serves the app on a Unix socket of mode 0600 until SIGTERM or SIGINT.

    `ending` is called when the signal comes: requests that wait for something are to wait no more.
    """
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Server(config, ending)
    with bound(path) as listening:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, server.stop)
        await server.serve(sockets=[listening])


@contextlib.contextmanager
def bound(path: Path) -> Iterator[socket.socket]:
    """A listening Unix socket for this user alone, in the place of a stale one."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(os.fspath(path))
    finally:
        os.umask(before)
    try:
        yield listening
    finally:
        # The file stays: by now it may be the next control's. Nobody listens, which says it all.
        listening.close()


class _Server(uvicorn.Server):
    """Uvicorn's own handlers would end the process before control has stopped."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._ending = ending

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True
        if self._ending is not None:
            self._ending()
