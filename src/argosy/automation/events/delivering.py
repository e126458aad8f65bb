"""The loop that gives targets what is due for them, in the order of writing.

Rows of one round are delivered in one transaction, each with its removal. What fails and may
succeed later is postponed; what cannot, or was tried long enough, becomes a dead letter.
"""

import asyncio
import logging
import random
from collections.abc import Callable

from argosy.automation.events import counting, operations
from argosy.automation.events.counting import Counting
from argosy.automation.events.dead_letters import bury
from argosy.automation.events.failure import INTERNAL_ERROR, Undeliverable
from argosy.automation.events.retrying import AGE, pause_or_end, too_old
from argosy.automation.events.scheduled import numbered
from argosy.automation.events.targets import deliver
from argosy.ground.tasks import cancel
from argosy.means import Means
from argosy.messaging.rounds import Rounds
from argosy.state.event_deliveries import KIND, EventDeliveries, EventDelivery

log = logging.getLogger(__name__)

_AT_ONCE = 100
_ASKED_AT_ONCE = 16
_MOST_PAGES = 20
_LONGEST_PAUSE_S = 60.0


class Delivering(Rounds):
    """The loop of one process."""

    def __init__(self, means: Means, counts: Counting) -> None:
        super().__init__(means.records, KIND, "deliveries to targets", self._round)
        self._means = means
        self._counts = counts
        self._deliveries = EventDeliveries(means.records.transactions)
        self._asked: dict[int, asyncio.Task[None]] = {}

    async def stop(self) -> None:
        """What is being asked is asked again after the next start."""
        await super().stop()
        for task in list(self._asked.values()):
            await cancel(task)

    async def _round(self) -> float:
        """Deliver what is due; returns after how long to look again."""
        now = self._means.clock.now()
        asked, local = self._due(now)
        if local:
            self._deliver_together(local, now)
        for one in asked[: max(0, _ASKED_AT_ONCE - len(self._asked))]:
            self._begin(one)
        if local:
            return 0.0
        next_at = self._deliveries.next_at(now)
        return _LONGEST_PAUSE_S if next_at is None else min(_LONGEST_PAUSE_S, next_at - now)

    def _due(self, now: float) -> tuple[list[EventDelivery], list[EventDelivery]]:
        """Those that are asked, and those that are not and need not wait for them."""
        asked: list[EventDelivery] = []
        local: list[EventDelivery] = []
        last = 0
        for _ in range(_MOST_PAGES):
            found = self._deliveries.due(now, _AT_ONCE, without=list(self._asked), after=last)
            for one in map(numbered, found):
                (asked if operations.is_asked(one) else local).append(one)
            if len(found) < _AT_ONCE or local:
                break
            last = found[-1].number
        return asked, local

    # -- targets that are rows of this database

    def _deliver_together(self, found: list[EventDelivery], now: float) -> None:
        try:
            self._deliver_all(found, now)
        except Exception:
            log.exception("a group of deliveries failed; making them one by one")
            for one in found:
                self._deliver_alone(one, now)

    def _deliver_all(self, found: list[EventDelivery], now: float) -> None:
        with self._means.records.transaction():
            counted = [self._deliver(one, now) for one in found]
        for count in counted:
            count()

    def _deliver_alone(self, one: EventDelivery, now: float) -> None:
        try:
            self._deliver_all([one], now)
        except OSError:
            raise
        except Exception as error:
            log.exception("a delivery to %s failed", one.target["Arn"])
            with self._means.records.transaction():
                self._failed(one, Undeliverable(INTERNAL_ERROR, repr(error), again=True), now)

    def _deliver(self, one: EventDelivery, now: float) -> Callable[[], None]:
        """Within a transaction; returns what counts it once that is done."""
        try:
            _check_age(one, now)
            deliver(self._means, one, now)
        except Undeliverable as why:
            return self._failed(one, why, now)
        self._deliveries.delete(one.number)
        return lambda: self._counts.delivery(one, counting.INVOCATIONS, now)

    # -- targets that are operations

    def _begin(self, one: EventDelivery) -> None:
        task = asyncio.create_task(self._ask(one))
        self._asked[one.number] = task
        task.add_done_callback(lambda _: self._ended(one.number))

    def _ended(self, number: int) -> None:
        self._asked.pop(number, None)
        self.ring()

    async def _ask(self, one: EventDelivery) -> None:
        try:
            _check_age(one, self._means.clock.now())
            await operations.ask(self._means, one)
            failure = None
        except Undeliverable as why:
            failure = why
        except Exception as error:
            log.exception("asking %s failed", one.target["Arn"])
            failure = Undeliverable(INTERNAL_ERROR, repr(error), again=True)
        now = self._means.clock.now()
        try:
            self._settle(one, failure, now)
        except OSError:
            log.exception("what came of a delivery could not be written; it is made again")
            await asyncio.sleep(1.0)

    def _settle(self, one: EventDelivery, failure: Undeliverable | None, now: float) -> None:
        if failure is None:
            self._deliveries.delete(one.number)
            self._counts.delivery(one, counting.INVOCATIONS, now)
            return
        with self._means.records.transaction():
            count = self._failed(one, failure, now)
        count()

    # -- failures

    def _failed(self, one: EventDelivery, why: Undeliverable, now: float) -> Callable[[], None]:
        """Postpone it or give it up, within a transaction; returns what counts it."""
        attempts, exhausted = one.attempts + 1, ""
        if why.again:
            age = now - one.created
            pause, exhausted = pause_or_end(one.target, attempts, age, random.random())
            if not exhausted:
                self._deliveries.postpone(one.number, attempts, now + pause)
                return lambda: None
        if why.code == AGE:
            exhausted = AGE
        self._deliveries.delete(one.number)
        buried = bury(self._means, one, why, exhausted, attempts, now)
        wanted = bool((one.target.get("DeadLetterConfig") or {}).get("Arn"))
        return lambda: self._count_failure(one, wanted, buried, now)

    def _count_failure(self, one: EventDelivery, wanted: bool, buried: bool, now: float) -> None:
        self._counts.delivery(one, counting.FAILED, now)
        if wanted:
            name = counting.SENT_TO_DLQ if buried else counting.NOT_SENT_TO_DLQ
            self._counts.delivery(one, name, now)


def _check_age(one: EventDelivery, now: float) -> None:
    if too_old(one.target, now - one.created):
        raise Undeliverable(AGE, "It is older than its retry policy wants it to be delivered.")
