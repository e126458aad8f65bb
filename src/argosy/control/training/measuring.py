"""Follows what jobs print, and takes the numbers that their metric definitions find.

How far was read, the values and the last of each are one commit: a line counts once, whenever
control dies.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from argosy.control.logs.following import Read, read_on
from argosy.control.training import metrics
from argosy.ground.names import TRAINING_LOG_GROUP
from argosy.state.record import Record
from argosy.state.records import Records, Stale
from argosy.state.training_jobs import FinalMetric, Run
from argosy.telemetry.metrics import Datum, MetricStore, TooManySeries

log = logging.getLogger(__name__)

_EVERY_S = 1.0


class Measuring:
    """Remembers only when it has looked last."""

    def __init__(
        self,
        records: Records,
        store: MetricStore,
        root: Path,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """root: where logs lie."""
        self._records = records
        self._store = store
        self._root = root
        self._monotonic = monotonic
        self._looked: dict[str, float] = {}

    async def measure(self, record: Record, *, ended: bool, now: float) -> tuple[Record, bool]:
        """The record as it is now, and whether all that is there has been read.

        ended: nothing more will be written; then it is read at once, to the end.
        """
        run: Run | None = record.document["run"]
        definitions = metrics.definitions_of(record)
        if run is None or not definitions:
            return record, True
        if not ended and self._monotonic() < self._looked.get(run["id"], 0.0) + _EVERY_S:
            return record, False
        self._looked[run["id"]] = self._monotonic()
        place = (record.account, record.region, TRAINING_LOG_GROUP)
        before = dict(record.document["read"])
        read = await asyncio.to_thread(read_on, self._root, place, before, run["streams"])
        found = metrics.found_in(definitions, (event for _, event in read.events))
        return self._write(record, read, found, now)

    def forget(self, run_id: str) -> None:
        """The run is over."""
        self._looked.pop(run_id, None)

    def _write(
        self, record: Record, read: Read, found: list[FinalMetric], now: float
    ) -> tuple[Record, bool]:
        if read.positions == record.document["read"]:
            return record, not read.more
        last = {**record.document["metrics"], **{one["name"]: one for one in found}}
        document: dict[str, Any] = {
            **record.document,
            "read": {**record.document["read"], **read.positions},
            "metrics": last,
        }
        try:
            with self._records.transaction():
                changed = self._records.update(record, now=now, document=document, touch=False)
                for datum in metrics.data_of(record, found):
                    self._put(datum)
        except Stale:
            return record, False
        return changed, not read.more

    def _put(self, datum: Datum) -> None:
        try:
            self._store.put_all([datum])
        except TooManySeries as error:
            log.warning("a value of a job's metric %s is lost: %s", datum.metric.name, error)
