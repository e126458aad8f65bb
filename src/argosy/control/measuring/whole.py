"""Measuring as a whole: takes what the edges and the desk counted, and writes it down.

What a line says can be read at once; it is on disk within a few seconds, and only then is the edge
told to forget it. On an idle platform there is one commit a minute at most.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from argosy.control.means import Means
from argosy.control.measuring.asynchronous import finished
from argosy.control.measuring.publishing import Moment, published
from argosy.control.measuring.sources import Sources
from argosy.control.measuring.steady import Queue, Steady
from argosy.control.measuring.utilization import Utilization
from argosy.ground.routes import RoutingTable
from argosy.state.database import StorageError
from argosy.telemetry.metrics import Datum, TooManySeries

log = logging.getLogger(__name__)

TICK_S = 1.0
_INSTANCES_S = 5.0
_HOUR_S = 3600
_UPKEEP_AFTER_S = 40.0
_PAUSE_S = 0.05
"""Between two slices of upkeep, so that control has time for others."""
_WRITE_COUNTS_S = 5.0
_WRITE_ALL_S = 60.0
_OLDEST_LINE_S = 2 * 86400.0
_NO_TABLE: RoutingTable = {"version": 0, "keys": {}, "endpoints": {}}


class Queues(Protocol):
    """The desk of asynchronous requests, as far as it is measured."""

    def backlogs(self) -> dict[str, dict[str, Any]]:
        """Endpoint's key → the figures of its queue, by the metrics' names."""
        ...

    def take_counts(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(endpoint's key, variant) → what was counted since the last time."""
        ...


class Measuring:
    """What control starts and stops."""

    def __init__(
        self,
        means: Means,
        table: Callable[[], RoutingTable | None],
        queues: Queues,
        took: Callable[[str, int], None],
    ) -> None:
        """table: what the edges serve; took: tells an edge up to which line all is on disk."""
        self._means = means
        self._table = table
        self._queues = queues
        self._took = took
        self._sources = Sources(means.records.transactions)
        self._steady = Steady(means.settings.scaling_period)
        self._utilization = Utilization(means.data_dir.instances, means.settings.instance_memory_mb)
        self._tasks: list[asyncio.Task[None]] = []
        self._written = 0.0
        self._counted = False
        self._full = False
        self._failing = False

    def start(self) -> None:
        loops = (self._run(), self._look_at_instances(), self._keep_up())
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def stop(self) -> None:
        """Write what there is, and stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(StorageError):
            self._write()

    def take(self, message: Mapping[str, Any]) -> None:
        """An edge's message: {"metrics": [line…], "source": edge, "line": number, "at": time}."""
        source, number = message["source"], message["line"]
        if not self._sources.take(source, number):
            if self._sources.is_written(source, number):
                self._took(source, number)
            return
        now = self._means.clock.now()
        at = message["at"]
        if not now - _OLDEST_LINE_S < at < now + _WRITE_ALL_S:
            at = now  # a clock was set meanwhile
        endpoints = (self._table() or _NO_TABLE)["endpoints"]
        moment = Moment(at, self._steady.resolution)
        for line in message["metrics"]:
            self._steady.take(line, source)
            if self._put(published(line, endpoints.get(line["endpoint"]), moment)):
                self._counted = True

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self.tick()
            except StorageError as error:
                if not self._failing:
                    log.warning("metrics wait to be written: %s", error)
                self._failing = True
            except Exception:
                log.exception("metrics could not be kept; trying again")

    async def _look_at_instances(self) -> None:
        """What instances use, once in a period."""
        means = self._means
        while True:
            await asyncio.sleep(max(_INSTANCES_S, self._steady.period))
            try:
                moment = Moment(means.clock.now(), self._steady.resolution)
                self._put(await self._utilization.measure(await means.backend.list(), moment))
            except Exception:
                log.exception("instances could not be measured; trying again")

    async def _keep_up(self) -> None:
        """Soon after the beginning, and then soon after each full hour; where values are of
        seconds, six times as often, for there are many more."""
        step = _HOUR_S if self._steady.resolution == 60 else _HOUR_S // 6
        done = None
        while True:
            await asyncio.sleep(_UPKEEP_AFTER_S)
            due = self._means.clock.now() // step
            if due == done:
                continue
            try:
                for _ in self._means.metrics.rollup.slices(step):
                    await asyncio.sleep(_PAUSE_S)
                done = due
            except Exception:
                log.exception("old metrics could not be rolled up; trying again")

    def tick(self) -> None:
        """What is due now. Raises StorageError."""
        now = self._means.clock.now()
        table = self._table()
        if table is not None:
            self._put(self._steady.due(now, TICK_S, table, self._backlogs))
        moment = Moment(now, self._steady.resolution)
        for (key, variant), deltas in self._queues.take_counts().items():
            if self._put(finished(key, variant, deltas, moment)):
                self._counted = True
        waited = abs(now - self._written)
        if waited >= (_WRITE_COUNTS_S if self._counted else _WRITE_ALL_S):
            self._write()

    def _backlogs(self) -> Iterable[Queue]:
        return [Queue(key, figures) for key, figures in self._queues.backlogs().items()]

    def _put(self, data: Iterable[Datum]) -> bool:
        """Have them kept; False when there are none."""
        some = False
        for datum in data:
            some = True
            try:
                self._means.metrics.put(*datum)
            except TooManySeries as error:
                if not self._full:
                    log.warning("not all that is measured can be kept: %s", error.message)
                self._full = True
        return some

    def _write(self) -> None:
        """All that waits, in one commit; none when there is nothing. Raises StorageError."""
        now = self._means.clock.now()
        along = partial(self._sources.write, now) if self._sources.unwritten else None
        self._means.metrics.flush(along)
        if along is not None:
            for source, line in self._sources.written():
                self._took(source, line)
        self._written, self._counted, self._failing = now, False, False
