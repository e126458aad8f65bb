"""Removes code of functions and layers that nothing refers to any more, every hour."""

import asyncio
import logging

from argosy.ground.tasks import cancel
from argosy.means import Means
from argosy.objects.packages import Packages
from argosy.state.functions import digests_in_use

_EVERY_S = 3600.0

log = logging.getLogger(__name__)


class Clearing:
    """What was taken within the last hour is left alone: its function may be about to be made."""

    def __init__(self, means: Means) -> None:
        self._records = means.records
        self._packages = Packages(means.data_dir)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        await cancel(self._task)

    async def reset(self) -> None:
        """Remove all code: nothing refers to it any more."""
        await asyncio.to_thread(self._packages.remove_unused, set(), -1.0)

    async def _run(self) -> None:
        while True:
            try:
                used = digests_in_use(self._records)
                removed = await asyncio.to_thread(self._packages.remove_unused, used)
                if removed:
                    log.info("removed %d packages of functions that nothing uses", removed)
            except Exception:
                log.exception("packages of functions could not be cleared")
            await asyncio.sleep(_EVERY_S)
