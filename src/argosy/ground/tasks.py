"""Ending a task that runs for as long as its owner does."""

import asyncio
import contextlib
from typing import Any


async def cancel(task: asyncio.Task[Any] | None) -> None:
    """Cancel it and wait until it has ended; None is no task.

    Raises what the task itself has failed with, if it did.
    """
    if task is not None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
