"""A loop that makes rounds: when something of its kind was written, and when its time has come."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from argosy.ground.tasks import cancel
from argosy.state.records import Records
from argosy.state.transactions import CLOCK

log = logging.getLogger(__name__)

_STUMBLED_S = 1.0

Round = Callable[[], Awaitable[float | None]]
"""Returns after how many seconds to make the next one; None: when the bell rings."""


class Rounds:
    """`what`, for the log: what a round is about."""

    def __init__(self, records: Records, kind: str, what: str, make: Round) -> None:
        self._records = records
        self._kind = kind
        self._what = what
        self._make = make
        self._bell = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Make the first round, then one whenever something of the kind was written."""
        loop = asyncio.get_running_loop()

        def ring(kind: str) -> None:
            if kind in (self._kind, CLOCK):
                loop.call_soon_threadsafe(self._bell.set)

        self._records.listen(ring)
        self._task = asyncio.create_task(self._run())

    def ring(self) -> None:
        """Make a round soon."""
        self._bell.set()

    async def stop(self) -> None:
        """Make no more."""
        await cancel(self._task)

    async def _run(self) -> None:
        while True:
            self._bell.clear()
            try:
                pause = await self._make()
            except Exception:
                log.exception("a round of %s failed; trying again", self._what)
                pause = _STUMBLED_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._bell.wait()
