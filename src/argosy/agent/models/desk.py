"""Where edges ask for models: their frames to what has to be done, and everything kept going."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from argosy.agent.models import memory, names
from argosy.agent.models.disk import Disk
from argosy.agent.models.edges import Edge, Edges
from argosy.agent.models.held import Waiter
from argosy.agent.models.library import Library, Limits
from argosy.agent.models.upkeep import Upkeep
from argosy.agent.models.zygote import Process, Zygote
from argosy.agent.watch import Watch
from argosy.ground.instances import PROGRAM, InstanceSpec
from argosy.ground.settings import Settings
from argosy.ground.usage import machine_memory
from argosy.runtimes import frames
from argosy.runtimes.connection import Frame

_SHARE_OF_MACHINE = 4
_CONTAINERS_OWN_AFFAIR = 1 << 62
"""A user's container says by 507 when it is full."""
_HANG_MARGIN_S = 5.0


class Desk:
    """Serves one instance's edges; `turn` is to be called whenever anything happened."""

    def __init__(
        self,
        watch: Watch,
        spec: InstanceSpec,
        settings: Settings,
        models: Path,
        address: Path,
        zygote: Zygote,
        zygote_pid: Callable[[], int],
        fork: Callable[[str, int], Process],
        note: Callable[[str], None],
    ) -> None:
        """models: the folder of their files; address: where to listen. Raises OSError."""
        prefix = spec.container.model_data_url
        disk = Disk(models, prefix, int(settings.multi_model_disk_gb * (1 << 30)))
        self.edges = Edges(watch, address, self._take, self._left)
        self._library = Library(
            watch,
            disk,
            spec.store,
            _limits(settings, spec),
            zygote,
            fork,
            self.edges.tell,
            note,
            caches=spec.container.caches_models,
        )
        self._library.base = memory.resident(zygote_pid())
        self._upkeep = Upkeep(
            watch,
            self._library,
            self.edges,
            disk,
            spec.store,
            zygote_pid,
            refresh_s=settings.multi_model_refresh_s,
            hangs_s=spec.answers_within_s + _HANG_MARGIN_S,
        )

    def turn(self) -> None:
        """Move on what can be, and send what is to be sent."""
        self._library.step()
        self._upkeep.step()
        self.edges.flush()

    def close(self) -> None:
        """End all models' processes now."""
        self._library.kill_all()
        self.edges.close()

    def _take(self, edge: Edge, frame: Frame) -> None:
        """An edge sent this."""
        if frame.kind == frames.MODEL:
            self._want(edge, frame)
        elif frame.kind == frames.CANCEL:
            self._library.give_up(edge, frame.request_id)
        elif frame.kind == frames.USED:
            told = json.loads(frame.body)
            self._upkeep.used(edge, told["used"], told["busy"])
        elif frame.kind == frames.RELEASE:
            self._library.release(edge, json.loads(frame.body)["address"])

    def _want(self, edge: Edge, frame: Frame) -> None:
        target = bytes(frame.body).decode("utf-8", "replace")
        problem = names.problem(target)
        if problem:
            edge.answer(frame.request_id, 400, {"message": problem})
        else:
            self._library.want(Waiter(edge, frame.request_id, time.monotonic()), target)

    def _left(self, edge: Edge) -> None:
        self._library.left(edge)


def memory_limit(settings: Settings) -> int:
    """Bytes that the models of one instance may take, with what they share."""
    megabytes = settings.multi_model_memory_mb or settings.instance_memory_mb
    return megabytes << 20 if megabytes else machine_memory() // _SHARE_OF_MACHINE


def _limits(settings: Settings, spec: InstanceSpec) -> Limits:
    ours = spec.container.runtime != PROGRAM
    return Limits(
        memory=memory_limit(settings) if ours else _CONTAINERS_OWN_AFFAIR,
        archive=int(settings.max_artifact_gb * (1 << 30)),
        at_once=max(2, len(os.sched_getaffinity(0))),
        load_s=settings.multi_model_load_timeout_s,
        model_s=spec.answers_within_s,
    )
