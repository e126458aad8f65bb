"""The control process: puts database, backend, control and the app together, and serves.

Everything comes from the environment (`ground/settings.py`) and the data folder. SIGTERM and
SIGINT end it: open requests finish, instances go on serving.
"""

import asyncio
import gc
import logging
import sys

from argosy import wire
from argosy.api.app import App
from argosy.api.handlers import import_handlers
from argosy.api.listening import listen
from argosy.api.parts import Parts
from argosy.ground.errors import ArgosyError
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.telemetry import tracing


def main() -> None:
    """Runs until a signal; exits with 1 and one sentence when something must be changed."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        run(Settings.from_environment())
    except ArgosyError as error:
        sys.exit(f"control: {error}")


def run(settings: Settings) -> None:
    """As `main`, with settings at hand.

    The loop is asyncio's own: uvloop has no Unix datagrams, which the doorbell is made of, and
    control is not where speed is won.
    """
    import_handlers()
    asyncio.run(serve(settings, DataDir.at(settings.data_dir)))


async def serve(settings: Settings, data_dir: DataDir) -> None:
    """The process's life; returns when told to stop and everything is closed."""
    parts = Parts(settings, data_dir)
    traces = tracing.start(settings, "control")
    try:
        await parts.start()
        _settle()
        app = App(parts.dispatch(), parts.beside(), traces)
        await listen(app, data_dir.control_socket, parts.means.messaging.waiting.close)
    finally:
        await parts.stop()
        if traces is not None:
            traces.close()


def _settle() -> None:
    """Load the one big model now, not in the first call, and keep the collector off it all."""
    wire.load("sagemaker")
    gc.collect()
    gc.freeze()
