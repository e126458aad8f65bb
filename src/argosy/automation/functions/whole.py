"""The engine of functions as a whole: who gets which environment, and when another is made."""

import asyncio
import logging
from pathlib import Path

from argosy.agent.sandbox import decide
from argosy.automation.functions.concurrency import Concurrency, name_of
from argosy.automation.functions.containers.whole import Containers
from argosy.automation.functions.environment import INIT_S, Environment
from argosy.automation.functions.figures import Figures
from argosy.automation.functions.invocation import Invocation
from argosy.automation.functions.launching import Launcher
from argosy.automation.functions.log import LogSink
from argosy.automation.functions.making import Maker
from argosy.automation.functions.memory import MemoryWatch
from argosy.automation.functions.pool import Pool
from argosy.automation.functions.sandbox import Shelter
from argosy.automation.functions.spares import Spares
from argosy.automation.functions.turnstile import Turnstile
from argosy.ground.errors import ApiError, ServiceException, TooManyRequestsException
from argosy.ground.functions import IMAGE, FunctionImage, FunctionVersion, Invoked
from argosy.ground.instances import PulledImage
from argosy.ground.names import new_request_id
from argosy.ground.tasks import cancel
from argosy.means import Means
from argosy.state.database import StorageError
from argosy.state.functions import FUNCTION

_SWEEP_S = 1.0
_NO_ROOM = (
    "There is no memory left for another environment of a function: ARGOSY_FUNCTION_MEMORY_MB says "
    "how much there may be."
)

_log = logging.getLogger(__name__)


class FunctionEngine:
    """Runs versions of functions; implements `ground.functions.Functions`."""

    def __init__(self, means: Means) -> None:
        settings = means.settings
        self._means = means
        self._sink = LogSink(means.data_dir, settings.log_stream_mb << 20)
        self._watch = MemoryWatch()
        self._turnstile = Turnstile()
        self._figures = Figures(means.metrics, means.clock)
        self._concurrency = Concurrency(settings.function_concurrency)
        most_mb = settings.function_memory_mb or _half_of_memory_mb()
        self._pool = Pool(settings.function_concurrency, most_mb)
        self._maker = Maker(means, self._sink, self._watch)
        self._containers = Containers(means, self._maker)
        self._launcher: Launcher | None = None
        self._spares: Spares | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self._starts: set[asyncio.Task[None]] = set()
        self._look = False
        """Functions have changed since they were last looked at."""

    async def start(self) -> None:
        """Make ready to run, with a warm process at hand if there are functions."""
        settings, data_dir = self._means.settings, self._means.data_dir
        enclosed, _ = await asyncio.to_thread(decide, settings)
        shelter = Shelter(data_dir, enclosed)
        self._launcher = Launcher(data_dir, shelter, self._maker)
        await asyncio.to_thread(self._launcher.clear)
        self._containers.start()
        self._spares = Spares(self._launcher, settings.function_spares)
        self._means.records.listen(self._changed)
        if self._means.records.versions(FUNCTION):
            self._spares.start()
        self._sweeping = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """End all environments; what runs is cut off."""
        await cancel(self._sweeping)
        await self._end_all()
        self._watch.stop()
        await self._containers.stop()
        await asyncio.to_thread(self._sink.stop)
        if self._launcher is not None:
            await self._launcher.quiet()
            await asyncio.to_thread(self._launcher.clear)

    async def reset(self) -> None:
        """The same, and be ready again."""
        await self._end_all()
        self._concurrency.clear()
        await self._containers.reset()

    async def image(self, uri: str, pulled: PulledImage | None) -> FunctionImage:
        """See `Functions.image`."""
        return await self._containers.image(uri, pulled)

    async def invoke(
        self,
        version: FunctionVersion,
        payload: bytes,
        *,
        tail: bool = False,
        client_context: str = "",
        request_id: str = "",
        trace: str = "",
    ) -> Invoked:
        """See `Functions.invoke`."""
        invocation = Invocation(
            payload,
            request_id or new_request_id(),
            version.invoked_arn,
            tail=tail,
            client_context=client_context,
            trace=trace,
        )
        self._admit(version, invocation)
        environment = self._pool.take(version, asyncio.get_running_loop().time())
        if environment is not None:
            environment.begin(invocation)
        else:
            self._start_for(version, invocation, INIT_S)
        return await invocation.wait()

    def _admit(self, version: FunctionVersion, invocation: Invocation) -> None:
        try:
            self._concurrency.enter(version)
        except TooManyRequestsException:
            self._figures.throttled(version)
            raise

        def ended(invoked: Invoked | None) -> None:
            if invoked is not None:
                at_once = self._concurrency.running(version)
                self._figures.ended(version, invoked, at_once)
            self._concurrency.leave(version)

        invocation.on_end = ended

    # -- environments

    def _start_for(self, version: FunctionVersion, invocation: Invocation, limit_s: float) -> None:
        task = asyncio.create_task(self._start(version, invocation, limit_s))
        self._starts.add(task)
        task.add_done_callback(self._starts.discard)

    async def _start(
        self, version: FunctionVersion, invocation: Invocation, limit_s: float
    ) -> None:
        """An environment for this invocation, and later for others."""
        leave = _nothing
        try:
            leave = await self._turnstile.enter()
            environment = await self._new(version)
        except BaseException as error:
            leave()
            invocation.failed(_told(version, error))
            if not isinstance(error, Exception):
                raise
            return
        environment.on_started = leave
        if limit_s == INIT_S:
            environment.on_slow = self._start_again
        environment.starting(invocation, limit_s)

    async def _new(self, version: FunctionVersion) -> Environment:
        self._pool.renew(version)
        if not self._pool.make_room(version):
            raise TooManyRequestsException(
                _NO_ROOM, Reason="ConcurrentInvocationLimitExceeded", Type="User"
            )
        self._pool.expect(version)
        try:
            environment = await self._made(version)
        except BaseException:
            self._pool.give_up(version)
            raise
        environment.on_idle = self._pool.put_back
        environment.on_end = self._pool.remove
        self._pool.add(environment)
        return environment

    async def _made(self, version: FunctionVersion) -> Environment:
        """One of the kind that the version's package needs."""
        if version.package_type == IMAGE:
            return await self._containers.environment(version)
        if self._launcher is None or self._spares is None:
            raise ServiceException("Functions cannot be run yet.")
        self._spares.start()
        python = self._spares.take() if version.runtime.startswith("python") else None
        return await self._launcher.environment(version, python)

    def _start_again(self, slow: Environment, invocation: Invocation) -> None:
        """The start took all the time it has: once more, within the function's own time."""
        self._start_for(slow.version, invocation, slow.version.timeout_s)

    async def _end_all(self) -> None:
        for task in tuple(self._starts):
            task.cancel()
        if self._spares is not None:
            await self._spares.stop()
        for environment in self._pool:
            environment.end()

    def _changed(self, kind: str) -> None:
        """Something was committed."""
        if kind == FUNCTION:
            self._look = True

    async def _sweep(self) -> None:
        loop, idle_s = asyncio.get_running_loop(), self._means.settings.function_idle_s
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._pool.end_idle(loop.time() - idle_s)
            if self._look:
                self._look_at_functions()
            try:
                self._figures.publish()
            except StorageError as error:
                _log.warning("metrics of functions are lost: %s", error)

    def _look_at_functions(self) -> None:
        """Some are new, others gone: environments of those end."""
        self._look = False
        there = self._means.records.versions(FUNCTION)
        for environment in self._pool:
            if name_of(environment.version) not in there:
                environment.spoil()
        if there and self._spares is not None:
            self._spares.start()


def _nothing() -> None:
    """There is no place to give back."""


def _told(version: FunctionVersion, error: BaseException) -> ApiError:
    """Why there is no environment."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, OSError):
        _log.warning("function %s cannot be started: %s", version.name, error)
        said = f"No environment could be made for {version.name}: {error.strerror or error}."
        return ServiceException(said)
    if isinstance(error, asyncio.CancelledError):
        return ServiceException("Argosy is being stopped.")
    _log.error("function %s cannot be started", version.name, exc_info=error)
    return ServiceException("Argosy failed to make an environment.")


def _half_of_memory_mb() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 2048
    return 4096
