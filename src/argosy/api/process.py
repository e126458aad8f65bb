"""The control process: puts database, backend, control and the app together, and serves.

Everything comes from the environment (`ground/settings.py`) and the data folder. SIGTERM and
SIGINT end it: open requests finish, instances go on serving.
"""

import asyncio
import gc
import logging
import sys
from functools import partial

from argosy import wire
from argosy.access.roles import RoleSessions
from argosy.access.sessions import RootKey
from argosy.api.app import App
from argosy.api.clock import ClockMoving
from argosy.api.handlers import import_handlers
from argosy.api.internal import RESET, Internal
from argosy.api.listening import listen
from argosy.api.operations import OperationsInside
from argosy.api.registry import Registry
from argosy.api.rollouts import Rollouts
from argosy.automation import Automation
from argosy.compute.process import ProcessBackend
from argosy.control import Control
from argosy.control.core import store_access
from argosy.control.images import Images
from argosy.control.means import Means
from argosy.ground.clock import MovableClock, SystemClock
from argosy.ground.errors import ArgosyError
from argosy.ground.files import read_json
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.messaging import Messaging
from argosy.state.database import open_database
from argosy.state.records import Records
from argosy.telemetry import tracing
from argosy.telemetry.metrics import MetricStore


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
    data_dir.create()
    engine = open_database(data_dir.database)
    clock = MovableClock() if settings.allow_reset else SystemClock()
    records = Records(engine)
    backend = ProcessBackend(settings, data_dir)
    credentials = _credentials(data_dir)
    messaging = Messaging(records, clock)
    metrics = MetricStore(
        records.transactions, clock, settings.metric_series, settings.metrics_mb << 20
    )
    operations = OperationsInside()
    root = RootKey(credentials["access_key_id"], credentials["secret_access_key"])
    sessions = RoleSessions(records, clock, root)
    store = store_access(settings, data_dir, credentials)
    means = Means(
        records,
        settings,
        data_dir,
        clock,
        store,
        messaging,
        metrics,
        operations,
        sessions,
        backend=backend,
    )
    control = Control(means, credentials)
    images = Images(records, data_dir, clock)
    automation = Automation(means)
    registry = Registry(records, data_dir, store, clock, images.collect)
    rollouts = Rollouts(records, settings, clock, messaging, metrics)
    interruptions = {"POST /_argosy/interruptions": control.training.interrupt}
    orders = {**images.orders(), **rollouts.orders(), **interruptions}
    reset: Internal = partial(_reset, control, automation)
    if isinstance(clock, MovableClock):
        moving = ClockMoving(clock, records)
        orders |= moving.orders()
        reset = moving.put_back_after(reset)
    traces = tracing.start(settings, "control")
    internal = {
        "GET /_argosy/status": control.status,
        "GET /_argosy/transforms": control.transforms,
        RESET: reset,
    }
    try:
        await control.start()
        await automation.start()
        _settle()
        registry.start()
        app = App(
            records,
            settings,
            clock,
            internal,
            orders,
            registry.app,
            messaging,
            metrics,
            control.exposition,
            traces,
            functions=automation.functions,
            sessions=sessions,
            store=store,
            doors=automation.doors,
            routed=control.routed,
        )
        operations.open(app.dispatch)
        await listen(app, data_dir.control_socket, messaging.waiting.close)
    finally:
        await registry.stop()
        await automation.stop()
        await control.stop()
        engine.dispose()
        if traces is not None:
            traces.close()


async def _reset(control: Control, automation: Automation) -> None:
    """Remove everything there is."""
    await control.reset()
    await automation.reset()


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
