"""Things to be done once in the next turn of the loop, however often they are asked for."""

import asyncio
import logging
from collections.abc import Callable

log = logging.getLogger(__name__)

Step = Callable[[], None]


class Turn:
    """What was asked for in one turn is done together in the next: one commit for many."""

    def __init__(self) -> None:
        self._scheduled: set[Step] = set()

    def soon(self, step: Step, within_s: float = 0.0) -> None:
        """Have it done in the next turn, or within so many seconds."""
        if step in self._scheduled:
            return
        self._scheduled.add(step)
        loop = asyncio.get_running_loop()
        if within_s:
            loop.call_later(within_s, self._do, step)
        else:
            loop.call_soon(self._do, step)

    def _do(self, step: Step) -> None:
        self._scheduled.discard(step)
        try:
            step()
        except Exception:
            log.exception("asynchronous requests: a step failed")
