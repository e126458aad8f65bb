"""Work that blocks for as long as it likes, in a thread that nobody waits for at the end.

Unlike asyncio.to_thread it takes no place from others and does not hold up the end of a process.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

T = TypeVar("T")


def aside(work: Callable[[], T], name: str) -> asyncio.Future[T]:
    """What `work` returns or raises, in a thread of this name; cancelled, it goes on unheard."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            told = partial(future.set_result, work())
        except Exception as error:
            told = partial(future.set_exception, error)
        _tell(loop, future, told)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def _tell(
    loop: asyncio.AbstractEventLoop, future: asyncio.Future[T], what: Callable[[], None]
) -> None:
    def tell() -> None:
        if not future.done():
            what()
            future.exception()  # nobody may be there any more to ask for it

    with contextlib.suppress(RuntimeError):  # the loop is no more
        loop.call_soon_threadsafe(tell)
