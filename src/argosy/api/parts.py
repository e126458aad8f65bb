"""The parts of the control process, put together; `start` and `stop` are theirs in order."""

from argosy.access.roles import RoleSessions
from argosy.access.sessions import RootKey
from argosy.api.beside import Beside
from argosy.api.clock import ClockMoving
from argosy.api.dispatch import Dispatch
from argosy.api.internal import RESET, Order
from argosy.api.operations import OperationsInside
from argosy.api.registry import Registry
from argosy.api.rollouts import Rollouts
from argosy.automation import Automation
from argosy.compute.process import ProcessBackend
from argosy.control import Control
from argosy.control.core import store_access
from argosy.control.images import Images
from argosy.control.machines.entrance import Entrance
from argosy.control.means import Means
from argosy.ground.clock import Clock, MovableClock, SystemClock
from argosy.ground.errors import ArgosyError
from argosy.ground.files import read_json
from argosy.ground.notebooks import PREFIX as NOTEBOOKS
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.messaging import Messaging
from argosy.state.database import open_database
from argosy.state.records import Records
from argosy.telemetry.metrics import MetricStore


class Parts:
    """Of one platform, for one event loop. Nothing runs before `start`."""

    def __init__(self, settings: Settings, data_dir: DataDir) -> None:
        """Opens the database. Raises ArgosyError when something must be changed first."""
        data_dir.create()
        self._engine = open_database(data_dir.database)
        self._clock: Clock = MovableClock() if settings.allow_reset else SystemClock()
        credentials = _credentials(data_dir)
        records = Records(self._engine)
        root = RootKey(credentials["access_key_id"], credentials["secret_access_key"])
        self._sessions = RoleSessions(records, self._clock, root)
        self._operations = OperationsInside()
        self.means = means = Means(
            records,
            settings,
            data_dir,
            self._clock,
            store_access(settings, data_dir, credentials),
            Messaging(records, self._clock),
            MetricStore(
                records.transactions, self._clock, settings.metric_series, settings.metrics_mb << 20
            ),
            self._operations,
            self._sessions,
            backend=ProcessBackend(settings, data_dir),
        )
        self._control = Control(means, credentials)
        self._automation = Automation(means)
        self._images = Images(records, data_dir, self._clock)
        self._registry = Registry(records, data_dir, means.store, self._clock, self._images.collect)

    async def start(self) -> None:
        """Go on with what the records say."""
        await self._control.start()
        await self._automation.start()
        self._registry.start()

    async def stop(self) -> None:
        """End what runs in this process; instances go on serving."""
        await self._registry.stop()
        await self._automation.stop()
        await self._control.stop()
        self._engine.dispose()

    def dispatch(self) -> Dispatch:
        """What calls the handlers, from now on also for those who ask from inside."""
        means = self.means
        made = Dispatch(
            means.records,
            means.settings,
            means.clock,
            means.messaging,
            means.metrics,
            self._automation.functions,
            self._sessions,
            means.store,
            self._control.routed,
        )
        self._operations.open(made)
        return made

    def beside(self) -> Beside:
        """What is answered beside AWS's operations."""
        control = self._control
        return Beside(
            internal={
                "GET /_argosy/status": control.status,
                "GET /_argosy/transforms": control.transforms,
                RESET: self._reset,
            },
            orders=self._orders(),
            distribution=self._registry.app,
            page=control.exposition,
            doors={**self._automation.doors, NOTEBOOKS: Entrance(self.means)},
        )

    def _orders(self) -> dict[str, Order]:
        interruptions = {"POST /_argosy/interruptions": self._control.training.interrupt}
        orders = {**self._images.orders(), **Rollouts(self.means).orders(), **interruptions}
        if isinstance(self._clock, MovableClock):
            orders |= ClockMoving(self._clock, self.means.records).orders()
        return orders

    async def _reset(self) -> None:
        """Remove everything there is, and show the machine's time again."""
        await self._control.reset()
        await self._automation.reset()
        if isinstance(self._clock, MovableClock):
            self._clock.put_back()


def _credentials(data_dir: DataDir) -> dict[str, str]:
    credentials = read_json(data_dir.credentials)
    if not isinstance(credentials, dict):
        raise ArgosyError(f"{data_dir.credentials} is missing or damaged; start with `argosy up`")
    return credentials
