"""One event source mapping at work: takes messages, has the function do them, removes those done.

What is not done reappears in the queue by itself, after its visibility timeout, and goes to the
queue's dead letters when that has happened too often. So it is with what was under way at kill -9.
"""

import asyncio
import contextlib
import json
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from argosy.automation.queue.sqs_event import (
    MOST_BYTES,
    Filters,
    batches,
    event_of,
    failed_of,
    trace_of,
)
from argosy.ground.errors import ApiError
from argosy.ground.functions import Functions, FunctionVersion, Invoked
from argosy.ground.lineage import MOST, onward, passed
from argosy.ground.names import function_arn
from argosy.ground.tasks import cancel
from argosy.means import Means
from argosy.messaging.queue import Queue
from argosy.messaging.receiving import Wish, handle_of
from argosy.messaging.sending import Letter
from argosy.state.functions import FUNCTION, resolve
from argosy.state.messages import Message
from argosy.state.record import Record

AT_ONCE = 8
"""Batches, where the mapping says nothing."""
_POLL_S = 20.0
_AWAY_S = 1.0
_FIRST_TAKEN, _MOST_TAKEN = 10, 100
"""Messages at once: first, and when it is known how large they are."""

OK = "OK"
FAILED = "PROBLEM: Function call failed"

log = logging.getLogger(__name__)

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What a mapping wants."""

    account: str
    region: str
    source: str
    function: str
    batch: int
    window_s: float
    patterns: tuple[str, ...]
    partial: bool
    at_once: int

    @classmethod
    def of(cls, record: Record) -> "Plan":
        document, config = record.document, record.document["config"]
        filters = (config.get("FilterCriteria") or {}).get("Filters") or []
        scaling = config.get("ScalingConfig") or {}
        return cls(
            record.account,
            record.region,
            document["source"],
            document["function"],
            config["BatchSize"],
            float(config["MaximumBatchingWindowInSeconds"]),
            tuple(one["Pattern"] for one in filters if one.get("Pattern")),
            "ReportBatchItemFailures" in (config.get("FunctionResponseTypes") or ()),
            scaling.get("MaximumConcurrency") or AT_ONCE,
        )


class QueueGone(Exception):
    """There is no such queue, or no more."""


class Poller:
    """Works until it is closed; `tell` hears how the last batch went."""

    def __init__(self, means: Means, functions: Functions, plan: Plan, tell: Tell) -> None:
        self.plan = plan
        self._means = means
        self._messaging = means.messaging
        self._functions = functions
        self._filters = Filters(plan.patterns)
        self._tell = tell
        self._batches: set[asyncio.Task[None]] = set()
        self._taking = asyncio.create_task(self._take_for_ever())

    @property
    def done(self) -> bool:
        """Whether it takes no more, and nothing is under way."""
        return self._taking.done() and not self._batches

    def close(self, ended: Callable[[], None]) -> None:
        """Take no more; `ended` is called whenever something that was under way has ended."""
        self._taking.add_done_callback(lambda _: ended())
        for batch in self._batches:
            batch.add_done_callback(lambda _: ended())
        self._taking.cancel()

    async def cut_off(self) -> None:
        """Stop at once; what is under way reappears in its queue."""
        for task in (self._taking, *self._batches):
            await cancel(task)

    async def _take_for_ever(self) -> None:
        while not self._messaging.waiting.closing:
            try:
                await self._take()
            except QueueGone:
                log.info("%s is gone, which feeds %s", self.plan.source, self.plan.function)
            except Exception:
                log.exception("polling %s stumbled", self.plan.source)
                await asyncio.sleep(_AWAY_S)

    async def _take(self) -> None:
        """One batch; returns when it is under way."""
        queue = self._queue()
        if queue is None or not self._can_run():
            await asyncio.sleep(_AWAY_S)
            return
        while len(self._batches) >= self._most():
            await asyncio.wait(self._batches, return_when=asyncio.FIRST_COMPLETED)
        messages = await self._collect(queue)
        if messages:
            batch = asyncio.create_task(self._do(queue, messages))
            self._batches.add(batch)
            batch.add_done_callback(self._batches.discard)

    def _most(self) -> int:
        """Batches at once: no more than the function may run, or messages would wait in vain."""
        version = self._version()
        reserved = version.reserved_concurrency if version else None
        return max(1, min(self.plan.at_once, reserved or self.plan.at_once))

    async def _collect(self, queue: Queue) -> list[Message]:
        """Messages of one batch: what is there, or what comes within the window after the first;
        but when they are an event as large as may be, no more."""
        loop = asyncio.get_running_loop()
        taken = await self._wait(queue, _FIRST_TAKEN, _POLL_S)
        ends = loop.time() + self.plan.window_s
        try:
            while taken and self._lacks(taken) and loop.time() < ends:
                taken += await self._wait(queue, self._lacks(taken), ends - loop.time())
        except asyncio.CancelledError:
            self._give_back(queue, taken)
            raise
        return taken

    def _give_back(self, queue: Queue, messages: Sequence[Message]) -> None:
        """Nothing will be done with them: others may have them now."""
        with self._means.records.transaction():
            for message in messages:
                with contextlib.suppress(ApiError):  # it is not ours any more
                    handle = handle_of(message)
                    self._messaging.receiving.change_visibility(queue, handle, 0)

    def _lacks(self, taken: Sequence[Message]) -> int:
        """How many more a batch may have, when those to come are as large as those there are."""
        size = sum(len(one.body) + len(one.attributes or "") for one in taken) + 1
        fitting = len(taken) * (MOST_BYTES - size) // size
        return max(0, min(self.plan.batch - len(taken), fitting))

    async def _wait(self, queue: Queue, most: int, seconds: float) -> list[Message]:
        wish = Wish(min(most, self.plan.batch, _MOST_TAKEN), self._hold_s(queue))
        return await self._messaging.receiving.wait(self._found, wish, seconds)

    def _hold_s(self, queue: Queue) -> int:
        """Nobody else sees a message before the window and the function's time have passed."""
        version = self._version()
        needed = math.ceil(self.plan.window_s + (version.timeout_s if version else 0))
        return max(queue.number("VisibilityTimeout"), needed)

    def _found(self) -> Queue:
        queue = self._queue()
        if queue is None:
            raise QueueGone
        return queue

    def _queue(self) -> Queue | None:
        return self._messaging.queues.of_arn(self.plan.source)

    def _can_run(self) -> bool:
        version = self._version()
        return version is not None and version.reserved_concurrency != 0

    def _version(self) -> FunctionVersion | None:
        place = self.plan.account, self.plan.region
        return resolve(self._means.records, *place, self.plan.function)

    async def _do(self, queue: Queue, messages: Sequence[Message]) -> None:
        try:
            by_id = {one.message_id: one for one in messages}
            wanted = self._sorted_out(queue, messages)
            for batch in batches(wanted):
                await self._do_batch(queue, [by_id[one["messageId"]] for one in batch], batch)
        except Exception:
            log.exception("a batch of %s stumbled", self.plan.source)

    def _sorted_out(self, queue: Queue, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """The records that the function is to have; others leave the queue."""
        records: list[dict[str, Any]] = []
        with self._means.records.transaction():
            for message in messages:
                record = event_of(message, queue.arn)
                if not self._filters.wants(record):
                    self._messaging.receiving.delete(queue, handle_of(message))
                elif self._is_loop(message):
                    self._break_loop(queue, message)
                else:
                    records.append(record)
        return records

    async def _do_batch(
        self, queue: Queue, messages: Sequence[Message], records: list[dict[str, Any]]
    ) -> None:
        payload = json.dumps({"Records": records}).encode()
        trace = max(map(trace_of, messages), key=lambda one: passed(one, self._function))
        invoked = await self._invoke(queue, payload, trace)
        if invoked is None:
            self._tell(FAILED)
            return
        ids = [one.message_id for one in messages]
        failed = failed_of(ids, invoked, partial=self.plan.partial)
        done = [one for one in messages if one.message_id not in failed]
        await self._messaging.together.run(lambda: self._remove(queue, done))
        self._tell(FAILED if failed else OK)

    async def _invoke(self, queue: Queue, payload: bytes, trace: str) -> Invoked | None:
        """What the function answered; None when it could not be asked in time."""
        loop = asyncio.get_running_loop()
        patience = queue.number("VisibilityTimeout") / 2
        ends, pause = loop.time() + patience, 0.5
        while (version := self._version()) is not None:
            try:
                forth = onward(trace, self._function)
                return await self._functions.invoke(version, payload, trace=forth)
            except ApiError as error:
                log.info("%s waits for %s: %s", self.plan.source, self.plan.function, error)
            if loop.time() + pause > ends:
                return None
            await asyncio.sleep(pause)
            pause *= 2
        return None

    def _remove(self, queue: Queue, messages: Sequence[Message]) -> None:
        for message in messages:
            with contextlib.suppress(ApiError):  # it took too long: others have it again
                self._messaging.receiving.delete(queue, handle_of(message))

    @property
    def _function(self) -> str:
        parts = self.plan.function.split(":")
        return function_arn(parts[3], parts[4], parts[6])

    def _is_loop(self, message: Message) -> bool:
        if passed(trace_of(message), self._function) < MOST:
            return False
        name = self._function.split(":")[6]
        place = self.plan.account, self.plan.region
        record = self._means.records.get(FUNCTION, *place, name)
        return record is not None and record.document["recursion"] == "Terminate"

    def _break_loop(self, queue: Queue, message: Message) -> None:
        """Into the queue's dead letters, if it has any, and out of the queue."""
        log.warning("function %s feeds itself by %s: stopped", self.plan.function, queue.arn)
        target = self._messaging.queues.of_arn(queue.redrive[0]) if queue.redrive else None
        if target is not None:
            once = message.message_id if target.fifo else ""
            letter = Letter(message.body, group=message.message_group, deduplication=once)
            now = self._means.clock.now()
            self._messaging.sending.send(target, letter, "lambda.amazonaws.com", now)
        self._messaging.receiving.delete(queue, handle_of(message))
