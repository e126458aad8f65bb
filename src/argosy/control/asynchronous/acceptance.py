"""Keeping requests: all that came in one turn of the loop is one commit."""

import asyncio
from collections.abc import Callable

from argosy.control.asynchronous.book import Book
from argosy.control.asynchronous.turn import Turn
from argosy.state.async_requests import NewRequest

_GONE = "The endpoint is not there any more, or not in service."


class Acceptance:
    """Waits, before it keeps anything, until it is known which endpoints there are."""

    def __init__(self, book: Book, turn: Turn, kept: Callable[[str], None]) -> None:
        """`kept` is called with the name of each queue that has something new."""
        self._book = book
        self._turn = turn
        self._kept = kept
        self._asked: list[tuple[list[NewRequest], bool, asyncio.Future[dict[str, str]]]] = []
        self._ready = asyncio.Event()

    def begin(self) -> None:
        """The endpoints are known. Idempotent."""
        self._ready.set()

    async def keep(self, asked: list[NewRequest], again: bool) -> dict[str, str]:
        """Keep requests durably; returns, by id, why one of them is refused.

        again: they may be in the table already. Raises StorageError.
        """
        await self._ready.wait()
        done: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self._asked.append((asked, again, done))
        self._turn.soon(self._keep_all)
        return await done

    def _keep_all(self) -> None:
        groups, self._asked = self._asked, []
        waiting = [done for _, _, done in groups if not done.done()]
        refused: dict[str, str] = {}
        try:
            self._keep(
                [one for asked, again, _ in groups for one in self._new(asked, again)], refused
            )
        except Exception as error:
            for done in waiting:
                done.set_exception(error)
        else:
            for done in waiting:
                done.set_result(refused)

    def _keep(self, asked: list[NewRequest], refused: dict[str, str]) -> None:
        fit = []
        for one in asked:
            plan = self._book.plans.get(one.queue)
            if plan is not None and plan.accepts:
                fit.append(one)
            else:
                refused[one.id] = _GONE
        kept = self._book.requests.keep(fit, self._book.clock.now()) if fit else []
        for request in kept:
            self._book.lines[request.queue].add(request)
        for queue in {request.queue for request in kept}:
            self._kept(queue)

    def _new(self, asked: list[NewRequest], again: bool) -> list[NewRequest]:
        """Those of them that are not in the table yet."""
        if not again:
            return asked
        known = {one.id for one in self._book.requests.find([one.id for one in asked])}
        return [one for one in asked if one.id not in known]
