"""How many environments are started at once: few, so that starts do not starve what runs.

A start leaves when it is done, or after a while: functions that take long to import hold up nobody.
"""

import asyncio
import os
from collections.abc import Callable

LONGEST_S = 1.0


class Turnstile:
    """Lets so many in at a time, in order."""

    def __init__(self, places: int = 0) -> None:
        """`places`: 0 means two for each core."""
        self._free = asyncio.Semaphore(places or 2 * len(os.sched_getaffinity(0)))

    async def enter(self) -> Callable[[], None]:
        """Wait for a place; what is returned gives it back, whoever calls it first."""
        await self._free.acquire()
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                timer.cancel()
                self._free.release()

        timer = asyncio.get_running_loop().call_later(LONGEST_S, leave)
        return leave
