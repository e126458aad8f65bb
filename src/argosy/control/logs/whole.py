"""Logs as control sees them: what it starts and stops."""

import asyncio
import logging

from argosy.control.logs.filtering import Filtering
from argosy.control.means import Means
from argosy.messaging.rounds import Rounds
from argosy.state.log_groups import FILTER, GROUP, retentions
from argosy.telemetry.logs.sweeping import Bounds, Swept, sweep

log = logging.getLogger(__name__)

_SWEEP_EVERY_S = 60.0


class LogUpkeep:
    """Runs metric filters, and keeps the logs within their bounds."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._root = means.data_dir.logs
        filtering = Filtering(means.records, means.metrics, self._root, means.clock)
        self._loops = (
            Rounds(means.records, FILTER, "metric filters", filtering.run),
            Rounds(means.records, GROUP, "sweeping logs", self._sweep),
        )

    def start(self) -> None:
        for loop in self._loops:
            loop.start()

    async def stop(self) -> None:
        for loop in self._loops:
            await loop.stop()

    async def _sweep(self) -> float:
        swept = await asyncio.to_thread(self.sweep)
        if swept.bytes or swept.streams:
            log.info("swept %d bytes of logs, and %d streams", swept.bytes, swept.streams)
        return _SWEEP_EVERY_S

    def sweep(self) -> Swept:
        """Remove what is too old or too much."""
        settings = self._means.settings
        bounds = Bounds(
            idle_days=settings.log_idle_days,
            group_bytes=settings.log_group_mb << 20,
            total_bytes=int(settings.log_total_gb * (1 << 30)),
        )
        known = retentions(self._means.records)
        return sweep(self._root, known, bounds, self._means.clock.now())
