"""Changes that come in one turn of the loop, committed together: one sync of the disk for all.

Each is carried out in the order of its coming, and answered once all are durable.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from argosy.ground.errors import ApiError
from argosy.state.transactions import Transactions

T = TypeVar("T")


class Together:
    """For one event loop."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._coming: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []

    async def run(self, change: Callable[[], T]) -> T:
        """What `change` returns, once it is committed.

        It may raise an ApiError, before it has written anything: that is its own affair. Any other
        exception undoes all that came in this turn, and is raised for each of them. One that is
        cancelled in the same turn is not carried out.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._coming:
            loop.call_soon(self._commit)
        self._coming.append((change, future))
        return await future

    def _commit(self) -> None:
        coming = [(change, future) for change, future in self._coming if not future.done()]
        self._coming = []
        try:
            with self._transactions.begin():
                done = [_outcome(change) for change, _ in coming]
        except Exception as error:
            for _, future in coming:
                _settle(future, None, error)
            return
        for (_, future), (result, refusal) in zip(coming, done, strict=True):
            _settle(future, result, refusal)


def _outcome(change: Callable[[], Any]) -> tuple[Any, ApiError | None]:
    try:
        return change(), None
    except ApiError as error:
        return None, error


def _settle(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
