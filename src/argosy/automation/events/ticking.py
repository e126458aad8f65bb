"""The loop that has schedules happen: timers that are due, each moved on in the transaction of what
it has happen.

A time that passed while the platform was away, or several, happens once on return.
"""

import logging
import uuid
from collections.abc import Callable, Mapping

from argosy.automation.events import counting
from argosy.automation.events.counting import Counting
from argosy.automation.events.routing import send_to_targets
from argosy.ground.schedules import parse
from argosy.means import Means
from argosy.messaging.rounds import Rounds
from argosy.state.event_timers import KIND, Timer, Timers
from argosy.state.events import Event
from argosy.state.record import Record
from argosy.state.rules import RULE, Rule

log = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 60.0
_STUMBLED_S = 60.0

Fire = Callable[[Means, Record, Timer, float], Timer | None]
"""Writes what is to happen, joining the open transaction; returns the next timer."""


class Ticking(Rounds):
    """The loop of one process. `fires`: what a timer has happen, by the kind of its record."""

    def __init__(self, means: Means, counts: Counting, fires: Mapping[str, Fire]) -> None:
        super().__init__(means.records, KIND, "schedules", self._round)
        self._means = means
        self._counts = counts
        self._fires = fires
        self._timers = Timers(means.records.transactions)

    async def _round(self) -> float:
        """Have happen what is due; returns after how long to look again."""
        now = self._means.clock.now()
        for timer in self._timers.due(now):
            try:
                self._tick(timer, now)
            except OSError:
                raise
            except Exception:
                log.exception("the schedule %s cannot happen; trying again", timer.arn)
                self._timers.put(Timer(**{**vars(timer), "due": now + _STUMBLED_S}))
        next_due = self._timers.next_due()
        if next_due is None:
            return _LONGEST_PAUSE_S
        return max(0.0, min(_LONGEST_PAUSE_S, next_due - self._means.clock.now()))

    def _tick(self, timer: Timer, now: float) -> None:
        records = self._means.records
        with records.transaction():
            record = records.get(timer.kind, timer.account, timer.region, timer.name)
            following = None
            if record is not None:
                following = self._fires[timer.kind](self._means, record, timer, now)
            if following is None:
                self._timers.delete(timer.arn)
            else:
                self._timers.put(following)
        if record is not None and timer.kind == RULE:
            name = Rule(record).name
            self._counts.rule(timer.account, timer.region, counting.TRIGGERED, name, now)


def fire_rule(means: Means, record: Record, timer: Timer, now: float) -> Timer | None:
    """A scheduled event for each target of the rule."""
    rule = Rule(record)
    if not rule.enabled:
        return None
    event = Event(
        position=0,
        id=str(uuid.uuid4()),
        account=record.account,
        region=record.region,
        source="aws.events",
        detail_type="Scheduled Event",
        resources=[rule.arn],
        detail={},
        at=timer.scheduled,
    )
    send_to_targets(means, rule, event, now)
    at = parse(rule["schedule"]).next_after(now, origin=rule["since"])
    return None if at is None else Timer(**{**vars(timer), "scheduled": at, "due": at})
