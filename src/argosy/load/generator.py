"""Sends requests at a constant rate, each when it is due, and notes when it was answered.

An answer's latency counts from when its request was due. A request that finds no free connection
waits for one, and that wait is part of its latency. What is never answered counts as an error, and
its wait until the end of the run as its latency, so that it cannot improve a percentile.
"""

import asyncio
import json
import os
import ssl
import time
from array import array
from collections import Counter
from collections.abc import Callable
from typing import Any

from argosy.load.connection import Connection
from argosy.load.measured import Load, Measured, latencies, percentile
from argosy.load.target import Signed, Target
from argosy.load.timer import timer

_TICK_S = 0.0005
_LEAD_S = 0.02
_SIGN_AGAIN_S = 20.0
_CONNECT_S = 5.0
_OPENED_AT_ONCE = 32
_FIRST_CONNECTIONS = 4

Second = dict[str, Any]
"""What happened in one second: {"at", "requests", "answered", "failed", "p50", "p99"}, ms."""


class Generator:
    """One load on one target."""

    def __init__(self, target: Target, load: Load, on_second: Callable[[Second], None]) -> None:
        self._target = target
        self._load = load
        self._on_second = on_second
        self._loop = asyncio.get_running_loop()
        self._context = _tls(target)
        self._signed = Signed(target)
        self._requests = self._signed.all()
        self._total = max(1, round(load.rate * load.seconds))
        self._connections: set[Connection] = set()
        self._free: list[Connection] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._start = 0.0
        self._sent = 0
        self._latencies = array("d")
        self._lateness = array("d")
        self._second: array[float] = array("d")
        self._errors: Counter[str] = Counter()
        self._error_text = ""
        self._slow = 0
        self._answered = 0
        self._cut_off = False
        self._over = asyncio.Event()

    async def run(self) -> Measured:
        """Load the target; returns when the last answer is there, or was waited for enough.

        Raises OSError when there is no way to connect.
        """
        await asyncio.gather(*(self._open() for _ in range(self._connections_at_first())))
        ticks = timer(_TICK_S)
        cpu = time.process_time()
        self._start = time.perf_counter() + _LEAD_S
        self._loop.add_reader(ticks, self._tick, ticks)
        telling = self._loop.create_task(self._tell())
        try:
            await self._ended()
        finally:
            self._loop.remove_reader(ticks)
            os.close(ticks)
            telling.cancel()
        took = time.perf_counter() - self._start
        return self._measured(took, time.process_time() - cpu)

    def close(self) -> None:
        """Drop the connections, with what is on its way."""
        for task in self._opening:
            task.cancel()
        for connection in tuple(self._connections):
            connection.close()

    async def _ended(self) -> None:
        load = self._load
        try:
            async with asyncio.timeout(_LEAD_S + load.seconds + load.grace_s):
                await self._over.wait()
        except TimeoutError:
            self._cut_off = False
        self._give_up()

    def _give_up(self) -> None:
        """What is not answered by now has waited since it was due, at the least."""
        now = time.perf_counter()
        due = [one.due for one in self._connections if one.due]
        waiting = range(self._sent, self._due_by(now))
        due += [self._start + number / self._load.rate for number in waiting]
        self._latencies.extend(now - moment for moment in due)
        if due and not self._cut_off:
            self._errors["timeout"] += len(due)

    # -- sending

    def _connections_at_first(self) -> int:
        wanted = max(_FIRST_CONNECTIONS, round(self._load.rate * 0.01))
        return min(wanted, _OPENED_AT_ONCE, self._load.connections)

    def _due_by(self, now: float) -> int:
        if now < self._start:
            return 0
        return min(self._total, int((now - self._start) * self._load.rate) + 1)

    def _tick(self, ticks: int) -> None:
        os.read(ticks, 8)
        self._send_due()

    def _send_due(self) -> None:
        now = time.perf_counter()
        due_by_now, free = self._due_by(now), self._free
        held_up = due_by_now - self._sent > len(free)
        while self._sent < due_by_now and free:
            connection = free.pop()
            if not connection.open:
                continue
            due = self._start + self._sent / self._load.rate
            connection.send(self._requests[self._sent % len(self._requests)], due)
            self._sent += 1
            if not held_up:
                self._lateness.append(now - due)
        if held_up:
            self._open_more(due_by_now - self._sent)

    def _open_more(self, wanted: int) -> None:
        room = self._load.connections - len(self._connections) - len(self._opening)
        for _ in range(min(wanted - len(self._opening), room, _OPENED_AT_ONCE)):
            task = self._loop.create_task(self._open_late())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open_late(self) -> None:
        try:
            await self._open()
        except OSError as error:
            self._error_text = self._error_text or str(error)
        self._send_due()

    async def _open(self) -> None:
        async with asyncio.timeout(_CONNECT_S):
            _, connection = await self._loop.create_connection(
                lambda: Connection(self._take, self._lost), *self._target.place, ssl=self._context
            )
        self._connections.add(connection)
        self._free.append(connection)

    # -- answers

    def _take(self, connection: Connection, status: int, body: bytes) -> None:
        took = time.perf_counter() - connection.due
        connection.due = 0.0
        if 200 <= status < 300:
            self._answered += 1
        else:
            self._note_error(str(status), _words(body))
        self._note(took)
        if connection.open:
            self._free.append(connection)
        if self._sent < self._due_by(time.perf_counter()):
            self._send_due()

    def _lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if connection.due:
            self._note_error("connection", "The connection broke before the answer.")
            self._note(time.perf_counter() - connection.due)

    def _note(self, took: float) -> None:
        self._latencies.append(took)
        self._second.append(took)
        if self._load.give_up_ms and took * 1e3 >= self._load.give_up_ms:
            self._slow += 1
            self._cut_off = self._slow > (1 - self._load.give_up_share / 100) * self._total
        if self._cut_off or len(self._latencies) >= self._total:
            self._over.set()

    def _note_error(self, kind: str, text: str) -> None:
        self._errors[kind] += 1
        self._error_text = self._error_text or text

    # -- telling

    async def _tell(self) -> None:
        """Say every second what happened; and sign anew, for signatures grow old."""
        signed_at, failed, number = self._start, 0, 0
        while True:
            number += 1
            await asyncio.sleep(max(0.0, self._start + number - time.perf_counter()))
            second, self._second = sorted(self._second), array("d")
            now_failed = sum(self._errors.values())
            self._on_second(
                {
                    "at": number,
                    "requests": len(second),
                    "failed": now_failed - failed,
                    "p50": _ms(second, 50),
                    "p99": _ms(second, 99),
                }
            )
            failed = now_failed
            if time.perf_counter() > signed_at + _SIGN_AGAIN_S:
                signed_at, self._requests = time.perf_counter(), self._signed.all()

    def _measured(self, took: float, cpu: float) -> Measured:
        late = percentile(sorted(self._lateness), 99)
        return Measured(
            offered=self._load.rate,
            seconds=took,
            requests=self._due_by(self._start + took),
            answered=self._answered,
            errors=dict(self._errors),
            error_text=self._error_text,
            latency_ms=dict(latencies(self._latencies, self._load.shares)),
            late_ms=late * 1e3 if self._lateness else 0.0,
            cpu=cpu / took,
            connections=len(self._connections),
            cut_off=self._cut_off,
        )


def _tls(target: Target) -> ssl.SSLContext | None:
    if not target.secure:
        return None
    return ssl.create_default_context(cafile=target.ca_bundle or None)


def _words(body: bytes) -> str:
    """The message of an error's body."""
    try:
        value = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")[:300]
    told = value.get("Message") or value.get("message") if isinstance(value, dict) else None
    return str(told or body.decode("utf-8", "replace"))[:300]


def _ms(ordered: list[float], share: float) -> float | None:
    return percentile(ordered, share) * 1e3 if ordered else None
