"""The control process: puts database, backend, control and the app together, and serves.

Everything comes from the environment (`ground/settings.py`) and the data folder. SIGTERM and
SIGINT end it: open requests finish, instances go on serving.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from argosy import wire
from argosy.api.app import App
from argosy.api.handlers import import_handlers
from argosy.api.internal import RESET
from argosy.compute.process import ProcessBackend
from argosy.control import Control
from argosy.ground.clock import SystemClock
from argosy.ground.errors import ArgosyError
from argosy.ground.files import read_json
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.state.database import open_database
from argosy.state.records import Records

_GRACE_S = 5
_KEEP_ALIVE_S = 24 * 3600

_log = logging.getLogger(__name__)


def main() -> None:
    """Runs until a signal; exits with 1 and one sentence when something must be changed."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        settings = Settings.from_environment()
        run(settings)
    except ArgosyError as error:
        sys.exit(f"control: {error}")


def run(settings: Settings) -> None:
    import uvloop

    import_handlers()
    uvloop.run(serve(settings, DataDir.at(settings.data_dir)))


async def serve(settings: Settings, data_dir: DataDir) -> None:
    """The process's life; returns when told to stop and everything is closed."""
    engine = open_database(data_dir.database)
    clock = SystemClock()
    records = Records(engine)
    backend = ProcessBackend(settings, data_dir)
    control = Control(records, backend, settings, data_dir, clock, _credentials(data_dir))
    internal = {"GET /_argosy/status": control.status, RESET: control.reset}
    try:
        await control.start()
        await listen(App(records, settings, clock, internal), data_dir.control_socket)
    finally:
        await control.stop()
        engine.dispose()


async def listen(app: App, path: Path) -> None:
    """Serves the app on a Unix socket of mode 0600 until SIGTERM or SIGINT."""
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
    server = _Server(config)
    with bound(path) as listening:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, server.stop)
        _settle()
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
        listening.close()
        path.unlink(missing_ok=True)


class _Server(uvicorn.Server):
    """Uvicorn's own handlers would end the process before control has stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


def _settle() -> None:
    """Load the one big model now, not in the first call, and keep the collector off it all."""
    wire.load("sagemaker")
    gc.collect()
    gc.freeze()


def _credentials(data_dir: DataDir) -> dict[str, str]:
    credentials = read_json(data_dir.credentials)
    if not isinstance(credentials, dict):
        raise ArgosyError(f"{data_dir.credentials} is missing or damaged; start with `argosy up`")
    return credentials
