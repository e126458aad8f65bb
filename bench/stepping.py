"""A load whose rate changes in steps, with every answer kept: when it was due, how long it took.

Open loop, as `argosy.load` is: latencies count from the moment a request was due. For some dozens
or hundreds of requests a second, where the course over time matters.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from argosy.load.connection import Connection
from argosy.load.target import Signed, Target

_CONNECTIONS = 400
_GRACE_S = 30.0


@dataclass(frozen=True)
class Answer:
    """One request; times in seconds from the beginning of the load."""

    due: float
    took: float
    status: int
    """0 when the connection broke, or nothing came."""


def run(target: Target, rates: Sequence[tuple[float, float]]) -> list[Answer]:
    """Load with (requests a second, seconds) one after the other; the answers as they were due."""
    return asyncio.run(_Load(target, moments(rates)).run())


def moments(rates: Sequence[tuple[float, float]]) -> list[float]:
    """When requests are due, in seconds from the beginning."""
    due: list[float] = []
    begun = 0.0
    for rate, seconds in rates:
        due += [begun + number / rate for number in range(round(rate * seconds))]
        begun += seconds
    return due


class _Load:
    def __init__(self, target: Target, moments: list[float]) -> None:
        self._target = target
        self._moments = moments
        self._requests = Signed(target).all()
        self._idle: list[Connection] = []
        self._calls: dict[Connection, asyncio.Future[int]] = {}
        self._room = asyncio.Semaphore(_CONNECTIONS)

    async def run(self) -> list[Answer]:
        start = time.perf_counter() + 0.05
        tasks = []
        for number, moment in enumerate(self._moments):
            await asyncio.sleep(max(0.0, start + moment - time.perf_counter()))
            tasks.append(asyncio.create_task(self._call(number, start + moment)))
        answers = await asyncio.gather(*tasks)
        for connection in (*self._idle, *self._calls):
            connection.close()
        return [
            Answer(due, took, status)
            for due, (took, status) in zip(self._moments, answers, strict=True)
        ]

    async def _call(self, number: int, due: float) -> tuple[float, int]:
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + _GRACE_S), self._room:
                status = await self._ask(self._requests[number % len(self._requests)], due)
        except (OSError, TimeoutError):
            status = 0
        return time.perf_counter() - due, status

    async def _ask(self, request: bytes, due: float) -> int:
        connection = await self._connection()
        answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._calls[connection] = answered
        connection.send(request, due)
        status = await answered
        if connection.open:
            self._idle.append(connection)
        return status

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        _, made = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self._answered, self._lost), *self._target.place
        )
        return made

    def _answered(self, connection: Connection, status: int, body: bytes) -> None:
        self._settle(connection, status)

    def _lost(self, connection: Connection) -> None:
        self._settle(connection, 0)

    def _settle(self, connection: Connection, status: int) -> None:
        call = self._calls.pop(connection, None)
        if call is not None and not call.done():
            call.set_result(status)


def absorbed(answers: Sequence[Answer], step_at: float, limit_s: float) -> float:
    """Seconds from the step until the last request that was slow was due; 0 if none was."""
    slow = [one.due for one in answers if one.due >= step_at and one.took > limit_s]
    return max(slow, default=step_at) - step_at
