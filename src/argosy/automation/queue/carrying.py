"""The loop that carries out asynchronous invocations, several at once and none for ever.

Events lie in the database until they have ended; who works on one is not written down. After
kill -9 those under way are given to their functions once more. A function that is slow or busy
holds up no other.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable

from argosy.automation.queue import attempts
from argosy.automation.queue.attempts import Again, Condition, Policy
from argosy.automation.queue.destinations import Destinations
from argosy.automation.queue.figures import Figures
from argosy.ground.errors import ApiError
from argosy.ground.functions import Functions, FunctionVersion, Invoked
from argosy.ground.lineage import MOST, onward, passed
from argosy.ground.tasks import cancel
from argosy.means import Means
from argosy.messaging.rounds import Rounds
from argosy.state.functions import (
    EVENT_INVOKE,
    FUNCTION,
    dead_letters_of,
    known,
    parse_name,
    part_name,
    resolve,
)
from argosy.state.invocations import KIND, Invocation, Invocations

AT_ONCE = 64
AT_ONCE_EACH = 16
_AHEAD = 64
_STUMBLED_S = 1.0
_LONGEST_PAUSE_S = 60.0

log = logging.getLogger(__name__)


class Carrying(Rounds):
    """The loop of one process."""

    def __init__(self, means: Means, functions: Functions) -> None:
        super().__init__(means.records, KIND, "events for functions", self._round)
        self._means = means
        self._functions = functions
        self._now = means.clock.now
        self._events = Invocations(means.records.transactions)
        self._figures = Figures(means)
        self._destinations = Destinations(means, self._figures)
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._busy_of: Counter[str] = Counter()
        self._lines: dict[str, deque[Invocation]] = {}
        """Read ahead, by function: all of them are due."""

    async def stop(self) -> None:
        """What is under way is made again after the next start."""
        await super().stop()
        await self._end_all()

    async def reset(self) -> None:
        """Forget all events."""
        await self._end_all()
        self._events.delete_all()

    async def _end_all(self) -> None:
        self._lines.clear()
        for task in list(self._busy.values()):
            await cancel(task)

    async def _round(self) -> float:
        """Begin what is due; returns after how long to look again."""
        now = self._now()
        for function in self._events.due(now):
            self._begin_some(function, now)
        next_at = self._events.next_at(now)
        return _LONGEST_PAUSE_S if next_at is None else min(_LONGEST_PAUSE_S, next_at - now)

    def _begin_some(self, function: str, now: float) -> None:
        """Give one function as many events as it may have at once."""
        most = self._most_of(function)
        while self._busy_of[function] < most and self._has_room(function):
            event = self._next_of(function, now)
            if event is None:
                return
            self._begin(event)

    def _has_room(self, function: str) -> bool:
        """One event of a function always has: long ones of others would hold it up."""
        return len(self._busy) < AT_ONCE or not self._busy_of[function]

    def _most_of(self, function: str) -> int:
        """Events of a function at once: no more than it has reserved, or they would be put off."""
        _, _, _, region, account, _, name = function.split(":")
        record = known(self._means.records, FUNCTION, account, region, name)
        reserved = record.document.get("concurrency") if record else None
        return max(1, min(AT_ONCE_EACH, reserved or AT_ONCE_EACH))

    def _next_of(self, function: str, now: float) -> Invocation | None:
        line = self._lines.get(function)
        if not line:
            line = deque(self._events.due_of(function, now, _AHEAD, self._busy.keys()))
            self._lines[function] = line
        if not line:
            del self._lines[function]
            return None
        return line.popleft()

    def _begin(self, event: Invocation) -> None:
        task = asyncio.create_task(self._carry_out(event))
        self._busy[event.number] = task
        self._busy_of[event.function] += 1
        task.add_done_callback(lambda _: self._ended(event))

    def _ended(self, event: Invocation) -> None:
        del self._busy[event.number]
        self._busy_of[event.function] -= 1
        if not self._busy_of[event.function]:
            del self._busy_of[event.function]
        if len(self._busy) >= AT_ONCE - 1 or not self._lines.get(event.function):
            self.ring()
        else:
            self._begin_some(event.function, self._now())

    async def _carry_out(self, event: Invocation) -> None:
        try:
            await self._try(event)
        except Exception:
            log.exception("event %s stumbled; it is tried again", event.request_id)
            await asyncio.sleep(_STUMBLED_S)

    async def _try(self, event: Invocation) -> None:
        records, now = self._means.records, self._now()
        version = resolve(records, event.account, event.region, event.arn)
        if version is None:
            log.warning("event %s is for %s, which is gone", event.request_id, event.arn)
            await self._together(lambda: self._drop(event))
            return
        policy = self._policy(event)
        if not event.attempts and not event.holdups:
            self._figures.count(event, "AsyncEventsReceived")
        if self._is_loop(event):
            log.warning("function %s invokes itself in a loop: stopped", event.function)
            self._figures.count(event, "RecursiveInvocationsDropped")
            await self._end(event, version, policy, "RetriesExhausted", None)
        elif attempts.is_too_old(event, policy, now):
            await self._end(event, version, policy, "EventAgeExceeded", None)
        elif version.reserved_concurrency == 0:
            await self._end(event, version, policy, "RetriesExhausted", None)
        else:
            await self._invoke(event, version, policy)

    async def _invoke(self, event: Invocation, version: FunctionVersion, policy: Policy) -> None:
        age = max(0.0, self._now() - event.received)
        invoked: Invoked | None = None
        try:
            invoked = await self._functions.invoke(
                version,
                event.payload,
                request_id=event.request_id,
                trace=onward(event.trace, event.function),
            )
        except ApiError as error:
            log.info("event %s waits for %s: %s", event.request_id, event.arn, error)
            outcome = attempts.held_up(event, policy, self._now())
        else:
            self._figures.count(event, "AsyncEventAge", age * 1000, "Milliseconds")
            outcome = attempts.after(event, invoked, policy, self._now())
        if isinstance(outcome, Again):
            again = outcome
            await self._together(lambda: self._postpone(event, again))
        else:
            await self._end(event, version, policy, outcome, invoked)

    async def _end(
        self,
        event: Invocation,
        version: FunctionVersion,
        policy: Policy,
        condition: Condition,
        invoked: Invoked | None,
    ) -> None:
        """Remove the event and tell its destinations, in one commit."""
        if condition != "Success":
            self._figures.count(event, "AsyncEventsDropped")
        now = self._now()
        dead_letters = dead_letters_of(self._means.records, version)

        def end() -> None:
            if self._drop(event):
                self._destinations.tell(event, policy, condition, invoked, dead_letters, now)

        await self._together(end)

    def _postpone(self, event: Invocation, again: Again) -> None:
        self._events.postpone(event.number, again.at, again.attempts, again.holdups)

    def _drop(self, event: Invocation) -> bool:
        return self._events.delete(event.number)

    async def _together(self, change: Callable[[], object]) -> None:
        await self._means.messaging.together.run(change)

    def _policy(self, event: Invocation) -> Policy:
        named = parse_name(event.arn)
        assert named is not None
        place = part_name(named.name, named.qualifier)
        record = known(self._means.records, EVENT_INVOKE, event.account, event.region, place)
        return Policy.of(record.document if record else {})

    def _is_loop(self, event: Invocation) -> bool:
        if passed(event.trace, event.function) < MOST:
            return False
        name = event.function.split(":")[6]
        record = known(self._means.records, FUNCTION, event.account, event.region, name)
        return record is None or record.document["recursion"] == "Terminate"
