"""How much of the machine each instance uses, as SageMaker's instance metrics.

Control looks at the processes of an instance itself: the agent and everything that it started, in
whatever sandbox, and the processes that a container engine on this machine runs for it.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argosy.control.measuring import catalogue as of
from argosy.control.measuring.catalogue import Kind
from argosy.control.measuring.gpus import Gpus
from argosy.control.measuring.publishing import Moment, Owner
from argosy.ground import usage
from argosy.ground.files import read_json
from argosy.ground.instances import CONTAINER_FILE, Instance
from argosy.ground.processes import ProcessId
from argosy.ground.usage import Tree
from argosy.telemetry.metrics import Datum, Sample

_MEMORY_EVERY_S = 30.0
"""Counting the pages of a process takes the system a while."""
_SHORTEST_S = 2.0
"""Between two looks at the processor time of an instance."""


@dataclass(slots=True)
class _Seen:
    """An instance as it was seen last."""

    at: float
    cpu_s: float
    memory: int = 0
    memory_at: float = float("-inf")


class Utilization:
    """Remembers each instance's last reading, since utilisation is a difference."""

    def __init__(
        self,
        folder: Path,
        memory_mb: int,
        gpus: Gpus | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """folder: where instances' files lie; memory_mb: limit of an instance, 0 for none."""
        self._folder = folder
        self._memory = memory_mb << 20 or usage.machine_memory()
        self._gpus = gpus or Gpus()
        self._monotonic = monotonic
        self._seen: dict[str, _Seen] = {}

    async def measure(self, instances: Collection[Instance], moment: Moment) -> list[Datum]:
        """The metrics of all instances that live, in a thread: it is much to read."""
        alive = [one for one in instances if one.alive and one.state.agent_pid]
        self._seen = {
            one.spec.instance_id: seen
            for one in alive
            if (seen := self._seen.get(one.spec.instance_id)) is not None
        }
        if not alive:
            return []
        shares = await asyncio.to_thread(self._shares, alive)
        return [
            datum
            for one in alive
            for datum in published(one, shares.get(one.spec.instance_id, {}), moment)
        ]

    def _shares(self, alive: list[Instance]) -> dict[str, dict[str, float]]:
        """Instance → metric's name → per cent."""
        roots = {one.spec.instance_id: self._roots(one) for one in alive}
        found = usage.trees([pid for pids in roots.values() for pid in pids])
        gpus, disk = self._gpus.read(), 100.0 * usage.disk_share(self._folder)
        shares: dict[str, dict[str, float]] = {}
        for one in alive:
            parts = [found[pid] for pid in roots[one.spec.instance_id] if pid in found]
            if parts:
                pids = {pid for part in parts for pid in part.pids}
                tree = Tree(tuple(pids), sum(part.cpu_s for part in parts))
                shares[one.spec.instance_id] = {
                    **self._share(one.spec.instance_id, tree),
                    "DiskUtilization": disk,
                    **_of_gpus(tree, gpus),
                }
        return shares

    def _roots(self, instance: Instance) -> set[int]:
        """The agent, and what a container engine runs for it or for the agents of a group."""
        name = instance.spec.instance_id
        places = [self._folder / name, *self._folder.glob(f"{name}.*")]
        noted = [read_json(place / CONTAINER_FILE) for place in places]
        containers = [ProcessId(**told) for told in noted if told]
        return {instance.state.agent_pid, *(one.pid for one in containers if one.alive)}

    def _share(self, instance_id: str, tree: Tree) -> dict[str, float]:
        now, before = self._monotonic(), self._seen.get(instance_id)
        seen = self._seen[instance_id] = before or _Seen(now, tree.cpu_s)
        if now >= seen.memory_at + _MEMORY_EVERY_S:
            seen.memory, seen.memory_at = usage.memory(tree.pids), now
        shares = {"MemoryUtilization": 100.0 * seen.memory / self._memory}
        if before is not None and now - seen.at >= _SHORTEST_S:
            used = max(tree.cpu_s - seen.cpu_s, 0.0)
            shares["CPUUtilization"] = 100.0 * used / (now - seen.at)
            seen.at, seen.cpu_s = now, tree.cpu_s
        return shares


def published(instance: Instance, shares: Mapping[str, float], moment: Moment) -> Iterator[Datum]:
    """The metrics of one instance, each under every name that it has. Pure."""
    spec = instance.spec
    name = spec.owner.partition("/")[2]
    owner = Owner(spec.account, spec.region, name)
    for kinds, dims in _places(instance, name):
        for metric, share in shares.items():
            kind = kinds.get(metric)
            if kind is not None:
                yield moment.datum(owner, kind, dims, Sample.of(_plain(share)))


def _plain(share: float) -> float:
    """To a 64th of a per cent: a number of few bits takes a third of the space."""
    return round(share * 64) / 64


def _places(instance: Instance, name: str) -> list[tuple[Mapping[str, Kind], dict[str, str]]]:
    spec = instance.spec
    if spec.owner_kind == "inference-component":
        return [(of.OF_COMPONENTS, {"InferenceComponentName": name})]
    if spec.owner_kind == "endpoint":
        host = f"{name}/{spec.variant}/{spec.instance_id}"
        return [
            (of.OF_ENDPOINTS, {"EndpointName": name, "VariantName": spec.variant}),
            (of.OF_ENDPOINTS, {"Host": host}),
        ]
    if spec.owner_kind == "ec2-instance":
        return [(of.OF_EC2_INSTANCES, {"InstanceId": name})]
    if spec.owner_kind == "notebook-instance":
        return []  # AWS tells nothing of theirs
    if spec.owner_kind == "training-job":
        return [(of.OF_TRAINING_JOBS, {"Host": f"{name}/{spec.variant}"})]
    if spec.owner_kind == "processing-job":
        return [(of.OF_PROCESSING_JOBS, {"Host": f"{name}/{spec.variant}"})]
    return [(of.OF_TRANSFORM_JOBS, {"Host": f"{name}/{spec.instance_id}"})]


def _of_gpus(tree: Tree, gpus: Any) -> dict[str, float]:
    if gpus is None:
        return {}
    busy, memory = gpus
    return {
        "GPUUtilization": sum(busy.get(pid, 0.0) for pid in tree.pids),
        "GPUMemoryUtilization": sum(memory.get(pid, 0.0) for pid in tree.pids),
    }
