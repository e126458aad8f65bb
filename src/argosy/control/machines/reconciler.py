"""One pass over machines: read the records and the backend, decide, and make it so."""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from argosy.control import carrying_out
from argosy.control.machines import kinds
from argosy.control.machines.deciding import Plan, decide
from argosy.control.machines.kinds import CannotLaunch, Kind
from argosy.control.means import Means
from argosy.ground.errors import ApiError, ArgosyError
from argosy.ground.files import read_json, write_json
from argosy.ground.inside import SESSION_S
from argosy.ground.instances import Instance, InstanceSpec
from argosy.ground.machines import CREDENTIALS_FILE, INSIDE, JUPYTER
from argosy.ground.removal import remove_tree
from argosy.state.machines import UNSETTLED, State
from argosy.state.record import Record

log = logging.getLogger(__name__)

_LONGEST_SLEEP_S = 30.0
_BUSY_S = 1.0
_REMOVING_S = 0.1


@dataclass(frozen=True)
class _Planned:
    """What the record shall say."""

    status: str
    document: dict[str, Any]


class MachineReconciler:
    """Compares what records ask for with what the backend lists. Remembers nothing but which
    volumes are being removed: that may take long, and is begun again after a restart."""

    def __init__(self, means: Means, kinds: Sequence[Kind]) -> None:
        self._means = means
        self._kinds = kinds
        self._removals: dict[str, asyncio.Task[None]] = {}

    async def activate(self) -> float:
        """One pass; returns after how many seconds to look again if nothing rings."""
        listed = await self._means.backend.list()
        instances = [one for one in listed if one.spec.machine is not None]
        busy = False
        wanted: set[tuple[str, str, str]] = set()
        for kind in self._kinds:
            statuses = [status for status, state in kind.states.items() if state in UNSETTLED]
            for record in self._means.records.find(kind.kind, statuses=statuses):
                key = (record.account, record.region, kinds.owner_of(record))
                wanted.add(key)
                mine = [one for one in instances if _key(one) == key]
                busy |= kind.states[record.status] is not State.ON
                await self._guarded(kind, record, mine)
            kind.forgotten(self._means, self._means.clock.now())
        await carrying_out.clear_away(
            self._means.backend, [one for one in instances if _key(one) not in wanted]
        )
        if self._removals:
            return _REMOVING_S
        return _BUSY_S if busy else _LONGEST_SLEEP_S

    async def _guarded(self, kind: Kind, record: Record, instances: list[Instance]) -> None:
        """One machine that cannot be looked at holds back none of the others."""
        try:
            await self._look(kind, record, instances)
        except Exception:
            log.exception("%s %s could not be looked at; trying again", record.kind, record.name)

    async def _look(self, kind: Kind, record: Record, instances: list[Instance]) -> None:
        now, means = self._means.clock.now(), self._means
        document = record.document
        grace = means.settings.machine_grace_s
        plan = decide(kind.states[record.status], document["machine"], instances, grace, now)
        plan = kind.adjusted(record, plan)
        spec, plan = self._launchable(kind, record, plan, now)
        if plan.state is State.REMOVED and not self._is_removed(plan.machine["id"]):
            plan = replace(plan, state=State.REMOVING)
        if self._write(kind, record, plan, now):
            await self._act(plan, spec)
            self._hand_over(kind, record, plan, instances, now)

    def _is_removed(self, volume: str) -> bool:
        """Whether a volume is gone; has it removed beside."""
        folder = self._means.data_dir.volumes
        task = self._removals.get(volume)
        if task is None:
            removal = asyncio.to_thread(remove_volume, folder, volume)
            self._removals[volume] = asyncio.create_task(removal)
        elif task.done():
            del self._removals[volume]
            task.result()
            return True
        return False

    def _launchable(
        self, kind: Kind, record: Record, plan: Plan, now: float
    ) -> tuple[InstanceSpec | None, Plan]:
        """What is to be launched, if anything; the machine fails where that cannot be."""
        if not plan.launch:
            return None, plan
        try:
            machine = kind.machine(self._means, record)
            role = kind.role(record)
            given = kinds.credentials(self._means, record, role)
        except (CannotLaunch, ApiError, ArgosyError) as error:
            return None, replace(plan, launch=False, state=State.FAILED, reason=str(error))
        machine = replace(machine, credentials=given)
        return kinds.spec_for(self._means, kind, record, machine, now), plan

    def _write(self, kind: Kind, record: Record, plan: Plan, now: float) -> bool:
        """Record what was decided; False when the record moved on meanwhile (look again)."""
        means = self._means
        status = kind.status(plan.state)
        if not status:
            kind.removed(means, record, now)
            return True
        planned = _Planned(status, kind.document(record, plan, now))
        with means.records.transaction():
            after = carrying_out.write(means.records, record, planned, now)
            if after is not None and after.status != record.status:
                kind.changed(means, record, after, now)
        return after is not None

    async def _act(self, plan: Plan, spec: InstanceSpec | None) -> None:
        backend = self._means.backend
        for instance_id in plan.kill:
            await backend.kill(instance_id)
        for instance_id in plan.stop:
            await backend.stop(instance_id)
        for instance_id in plan.forget:
            await backend.forget(instance_id)
        if spec is not None:
            log.info("launching %s for %s", spec.instance_id, spec.owner)
            await backend.launch(spec)

    def _hand_over(
        self, kind: Kind, record: Record, plan: Plan, instances: list[Instance], now: float
    ) -> None:
        """What a machine that is on gets: a wish for JupyterLab, and credentials before the old
        ones end."""
        for one in instances:
            if not one.in_service or one.spec.deployment != plan.machine["boot"]:
                continue
            folder = self._means.data_dir.instance(one.spec.instance_id)
            if plan.ask:
                (folder / JUPYTER).write_text(plan.machine["wish"])
            path, role = folder / INSIDE / CREDENTIALS_FILE, kind.role(record)
            if role and _ends(path) < now + SESSION_S / 2:
                write_json(path, kinds.credentials(self._means, record, role), sync=False)


def remove_volume(folder: Path, name: str) -> None:
    """The volume, and the marks beside it. Idempotent."""
    for path in folder.glob(f"{name}.*"):
        path.unlink(missing_ok=True)
    remove_tree(folder / name)


def _ends(path: Path) -> float:
    """When the credentials in that file end, epoch seconds."""
    try:
        return datetime.fromisoformat((read_json(path) or {})["Expiration"]).timestamp()
    except (KeyError, ValueError, json.JSONDecodeError):
        return 0.0


def _key(instance: Instance) -> tuple[str, str, str]:
    spec = instance.spec
    return spec.account, spec.region, spec.owner
