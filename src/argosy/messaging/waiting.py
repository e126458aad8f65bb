"""Receivers that wait for a message: asleep until one may be there, then woken one by one.

Whatever can make a message visible marks its queue; once that is committed, the receiver that has
waited longest is woken. Who got something wakes the next, so that no more are woken than there are
messages, and one that has gone away passes its turn on. It refuses to know what is in a queue.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Waiting:
    """The receivers of one event loop; `mark` and `ring` may be called from any thread."""

    def __init__(self) -> None:
        self._asleep: dict[str, deque[asyncio.Future[None]]] = {}
        self._marked: set[str] = set()
        self._changes: dict[str, int] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closing = False
        """True once the process ends: nobody should wait any more."""

    def mark(self, queue: str) -> None:
        """Something of this queue changes in the transaction that is open."""
        self._marked.add(queue)

    def ring(self) -> None:
        """The transaction is done: wake a receiver of each marked queue."""
        marked, self._marked = self._marked, set()
        for queue in marked:
            self._changes[queue] = self.changes(queue) + 1
        if self._loop is None or self._loop.is_closed():
            return
        for queue in marked:
            if queue in self._asleep:
                self._loop.call_soon_threadsafe(self.wake, queue)

    def changes(self, queue: str) -> int:
        """How often something of this queue was changed; who finds nothing remembers the number."""
        return self._changes.get(queue, 0)

    def wake(self, queue: str) -> None:
        """Wake the one that has waited longest, if any does."""
        for future in self._asleep.get(queue, ()):
            if not future.done():
                future.set_result(None)
                return

    def wake_all(self, queue: str) -> None:
        """Wake everybody who waits for this queue."""
        for future in self._asleep.get(queue, ()):
            if not future.done():
                future.set_result(None)

    def close(self) -> None:
        """Wake everybody, for good."""
        self.closing = True
        for queue in self._asleep:
            self.wake_all(queue)

    async def sleep(self, queue: str, seen: int, seconds: float) -> None:
        """Return when woken, or after that time. Who is cancelled wakes the next.

        seen: the number of changes before nothing was found; if there are more, return at once.
        """
        if self.changes(queue) != seen:
            return
        self._loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = self._loop.create_future()
        with self._in_bed(queue, future):
            try:
                async with asyncio.timeout(seconds):
                    await future
            except TimeoutError:
                return
            except asyncio.CancelledError:
                if future.done() and not future.cancelled():
                    self.wake(queue)
                raise

    @contextmanager
    def _in_bed(self, queue: str, future: asyncio.Future[None]) -> Iterator[None]:
        sleepers = self._asleep.setdefault(queue, deque())
        sleepers.append(future)
        try:
            yield
        finally:
            sleepers.remove(future)
            if not sleepers:
                del self._asleep[queue]
