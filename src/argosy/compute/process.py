"""The process backend: an instance is an agent process beside its model, on this machine.

All it knows lies in the data folder: `instances/<id>/` holds what was asked (spec.json), which
process the agent is (agent.json) and what the agent last said (state.json). A backend made later
therefore sees the same instances. No network and no database here.
"""

import asyncio
import logging
import signal
import time
from pathlib import Path

from argosy.compute.agents import Agents, end, never_launched, remove_folders, stop_all
from argosy.compute.deaths import Deaths
from argosy.compute.listing import Listing, agent_of, read_spec
from argosy.compute.spares import Spares
from argosy.ground.files import write_json
from argosy.ground.instances import (
    SPARE_FILE,
    SPEC_FILE,
    STOPPING_FILE,
    Instance,
    InstanceSpec,
    Phase,
    group_of,
)
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings

log = logging.getLogger(__name__)

_STARTING = (Phase.PENDING, Phase.DOWNLOADING, Phase.STARTING)
_LONGEST_START_S = 5.0
"""An instance that takes longer to come up does not hold back spares any more."""
_KILL_S = 5.0


class ProcessBackend:
    """`compute.base.Backend` by local processes."""

    def __init__(self, settings: Settings, data_dir: DataDir) -> None:
        self._data_dir = data_dir
        self._agents = Agents(settings, data_dir)
        self._spares = Spares(settings, data_dir, self._agents)
        self._listing = Listing()
        self._deaths = Deaths(data_dir.doorbell_socket)
        _sweep(data_dir)

    async def launch(self, spec: InstanceSpec) -> None:
        """See `compute.base`. A warm spare takes it at once; else an agent is started."""
        if not await asyncio.to_thread(self._spares.hand_over, spec):
            await asyncio.to_thread(self._start, spec)

    async def stop(self, instance_id: str) -> None:
        """See `compute.base`. The note comes last: killed before it, we are asked once more; what
        is noted and was never told would go on for ever."""
        folder = self._data_dir.instance(instance_id)
        if agent_of(folder).send(signal.SIGTERM):
            (folder / STOPPING_FILE).touch()

    async def kill(self, instance_id: str) -> None:
        """See `compute.base`. Returns when the agent is dead; its worker dies with it."""
        agent = agent_of(self._data_dir.instance(instance_id))
        await asyncio.to_thread(end, [agent], signal.SIGKILL, _KILL_S)

    async def list(self) -> list[Instance]:
        """See `compute.base`."""
        self._agents.reap()
        listed = self._listing.read(_folders(self._data_dir))
        for instance, agent in listed:
            if instance.alive:
                self._deaths.watch(agent)
        return [instance for instance, _ in listed]

    async def forget(self, instance_id: str) -> None:
        """See `compute.base`. An instance that still lives is killed first."""
        await self.kill(instance_id)
        await asyncio.to_thread(remove_folders, self._data_dir, instance_id)

    async def prepare(self, runtime: str, more: int = 0) -> None:
        """See `compute.base`. While instances come up no spare is begun: it would slow them."""
        now = time.time()
        busy = any(_comes_up(instance, now) for instance in await self.list())
        await asyncio.to_thread(self._spares.keep, runtime, start=not busy, more=more)

    async def stop_all(self, patience_s: float = 10.0) -> None:
        """End every agent, spares too (see `agents.stop_all`)."""
        self._deaths.close()
        await asyncio.to_thread(stop_all, self._data_dir, patience_s)
        self._agents.reap()

    def _start(self, spec: InstanceSpec) -> None:
        folder = self._data_dir.instance(spec.instance_id)
        if folder.exists() and read_spec(folder) is None and _is_remainder(folder):
            remove_folders(self._data_dir, spec.instance_id)
        folder.mkdir(mode=0o700)
        try:
            write_json(folder / SPEC_FILE, spec.to_json(), sync=False)
            self._agents.spawn(spec.instance_id)
        except OSError:
            remove_folders(self._data_dir, spec.instance_id)
            raise


def _folders(data_dir: DataDir) -> list[Path]:
    """Folders of instances and spares; those of an instance's single containers go with it."""
    if not data_dir.instances.is_dir():
        return []
    return sorted(one for one in data_dir.instances.iterdir() if not group_of(one.name))


def _comes_up(instance: Instance, now: float) -> bool:
    since = max(instance.state.updated, instance.spec.created)
    return instance.state.phase in _STARTING and now < since + _LONGEST_START_S


def _sweep(data_dir: DataDir) -> None:
    """Remove what a crash left half made or half removed. An instance whose agent was never
    started is not there: whoever needs it launches it, and nobody takes it for one that died."""
    for folder in _folders(data_dir):
        if _is_remainder(folder):
            log.info("removing the remainder %s", folder.name)
            remove_folders(data_dir, folder.name)


def _is_remainder(folder: Path) -> bool:
    if read_spec(folder) is not None:
        return never_launched(folder)
    return not (folder / SPARE_FILE).exists() and not agent_of(folder).alive
