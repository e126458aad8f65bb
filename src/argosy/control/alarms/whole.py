"""Alarms as a whole: looks at each when it is due, and has its changes announced and acted on.

Nothing is remembered but what is in the records: after a restart every alarm is looked at anew. It
refuses to wait for an action: actions run beside, and one that still runs is not begun again.
"""

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence

from argosy.control.alarms import texts
from argosy.control.alarms.acting import SCALING, Act, Fired, act_for
from argosy.control.alarms.announcing import Announcer, Asked, Done
from argosy.control.alarms.book import Book, Entry, Key
from argosy.control.alarms.evaluate import Dot, decide
from argosy.control.alarms.looking import look
from argosy.control.means import Means
from argosy.ground.tasks import cancel
from argosy.messaging.rounds import Rounds
from argosy.state.alarms import (
    ACTIONS,
    ALARM,
    COMPOSITE,
    IN_ALARM,
    INSUFFICIENT,
    OK,
    Change,
    alarm_arn,
)
from argosy.state.record import Record
from argosy.telemetry.metrics.math import BadExpression

_AT_ONCE = 5
_ACTION_S = 60.0

log = logging.getLogger(__name__)


class Alarms:
    """`actions`: who carries out which actions, by the prefix of their ARNs."""

    def __init__(self, means: Means, actions: Mapping[str, Act] | None = None) -> None:
        self._means = means
        self._actions = actions or {}
        self._announcer = Announcer(means, self._actions)
        self._book = Book(means.records)
        self._rounds = Rounds(means.records, ALARM, "alarms", self.round)
        self._running: dict[tuple[Key, str], asyncio.Task[None]] = {}

    def start(self) -> None:
        self._means.records.listen(self._ring)
        self._rounds.start()

    async def stop(self) -> None:
        """What was begun is cut off; states stay as they are written."""
        await self._rounds.stop()
        for task in list(self._running.values()):
            await cancel(task)

    def _ring(self, kind: str) -> None:
        if kind == COMPOSITE:
            self._rounds.ring()

    async def round(self) -> float:
        """Look at what is due; returns after how many seconds to look again."""
        now = self._means.clock.now()
        fresh = self._book.refresh(now)
        changed = set(fresh)
        for entry in [
            e for e in self._book.entries.values() if e.record.document.get("unannounced")
        ]:
            self._took(entry, self._announcer.announce(entry.record, now))
            changed.add(entry.key)
        for number, entry in enumerate(self._book.take_due(now), 1):
            if self._evaluate(entry, now):
                changed.add(entry.key)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        self._composites(now, changed, fresh)
        now = self._means.clock.now()
        return min(self._book.pause(now), self._release_pause(now))

    # -- alarms on metrics

    def _evaluate(self, entry: Entry, now: float) -> bool:
        """True when the alarm has gone into another state."""
        spec, record = entry.spec, entry.record
        assert spec is not None
        try:
            dots = look(spec, self._means.metrics, now)
        except BadExpression as error:
            return self._move(entry, INSUFFICIENT, f"Insufficient Data: {error}"[:1023], "", now)
        verdict = decide(spec, dots)
        points = verdict.dots if verdict else tuple(d for d in reversed(dots) if d is not None)
        if verdict is None or verdict.state == record.status:
            self._repeat(entry, points)
            return False
        reason = texts.reason(spec, verdict, record.status)
        data = texts.reason_data(spec, verdict, spec.stretch(now), now)
        return self._move(entry, verdict.state, reason, data, now, points)

    def _move(
        self,
        entry: Entry,
        state: str,
        reason: str,
        data: str,
        now: float,
        points: Sequence[Dot] = (),
    ) -> bool:
        if state == entry.record.status:
            return False
        done = self._announcer.move(entry.record, state, reason, data, now)
        return self._took(entry, done, points)

    def _took(self, entry: Entry, done: Done | None, points: Sequence[Dot] = ()) -> bool:
        """Go on with the alarm as it is now; False where somebody else has changed it."""
        if done is None:
            return False
        entry.record = done.record
        for asked in done.later:
            self._begin(entry, asked, points, repeated=False)
        return True

    def _repeat(self, entry: Entry, points: Sequence[Dot]) -> None:
        """The state lasts: scaling is told again."""
        record = entry.record
        members = record.document["members"]
        for arn in members.get(ACTIONS[record.status]) or ():
            act = act_for(arn, self._actions) if arn.startswith(SCALING) else None
            if act is not None and members.get("ActionsEnabled", True):
                self._begin(entry, Asked(arn, act, _lasting(entry)), points, repeated=True)

    # -- composite alarms

    def _composites(self, now: float, changed: set[Key], fresh: set[Key]) -> None:
        """Look at the rules of those whose alarms have changed, and of those that are new, until
        nothing more changes: one may look at another.

        A state that was set by hand lasts until then.
        """
        composites = self._book.composites()
        for _ in composites:
            names = {key[1:] for key in changed}
            due = [one for one in composites if one.key in fresh or looks_at(one, names)]
            changed, fresh = {one.key for one in due if self._decide(one, now)}, set()
            if not changed:
                break
        for entry in composites:
            if entry.record.document.get("suppressed"):
                self._took(entry, self._announcer.release(entry.record, now))

    def _release_pause(self, now: float) -> float:
        """Seconds until time is up for actions that are held back."""
        held = (entry.record.document.get("suppressed") for entry in self._book.composites())
        until = [one["until"] for one in held if one and one["until"] is not None]
        return max(0.05, min(until) - now) if until else math.inf

    def _decide(self, entry: Entry, now: float) -> bool:
        rule, record = entry.rule, entry.record
        assert rule is not None
        states = self._book.states(record.account, record.region, rule.alarms)
        state = IN_ALARM if rule.holds(states) else OK
        if state == record.status:
            return False
        reason, data = self._triggered(entry, states, state)
        return self._move(entry, state, reason, data, now)

    def _triggered(self, entry: Entry, states: Mapping[str, str], state: str) -> tuple[str, str]:
        """StateReason and StateReasonData, by the alarm that changed last."""
        record = entry.record
        children = [
            child
            for name in sorted(states)
            for kind in (ALARM, COMPOSITE)
            if (child := self._book.entries.get((kind, record.account, record.region, name)))
        ]
        return texts.composite(
            [
                (
                    alarm_arn(record.account, record.region, child.record.name),
                    child.record.status,
                    child.record.document["transitioned"],
                )
                for child in children
            ],
            state,
        )

    # -- actions

    def _begin(self, entry: Entry, asked: Asked, points: Sequence[Dot], *, repeated: bool) -> None:
        key = entry.key, asked.arn
        if key in self._running and repeated:
            return
        change = asked.change
        fired = Fired(
            previous=change["previous"],
            state=change["state"],
            reason=change["reason"],
            at=change["at"],
            repeated=repeated,
            action=asked.arn,
            value=points[0].value if points else None,
            value_at=points[0].start if points else None,
            points=tuple((dot.value, float(dot.start)) for dot in points),
        )
        task = asyncio.create_task(self._carry_out(entry.record, asked, fired))
        self._running[key] = task
        task.add_done_callback(lambda ended: self._ended(key, ended))

    def _ended(self, key: tuple[Key, str], task: asyncio.Task[None]) -> None:
        if self._running.get(key) is task:
            del self._running[key]

    async def _carry_out(self, record: Record, asked: Asked, fired: Fired) -> None:
        error = ""
        try:
            async with asyncio.timeout(_ACTION_S):
                await asked.act(record, fired)
        except Exception as failed:
            log.exception("the action %s of alarm %s failed", asked.arn, record.name)
            error = str(failed) or type(failed).__name__
        if not fired.repeated:
            self._announcer.told(record, asked.change, asked.arn, error, self._means.clock.now())


def looks_at(entry: Entry, names: set[tuple[str, str, str]]) -> bool:
    """Whether a composite alarm looks at one of these: (account, region, name)."""
    record, rule = entry.record, entry.rule
    return rule is not None and any(
        (record.account, record.region, name) in names for name in rule.alarms
    )


def _lasting(entry: Entry) -> Change:
    document, state = entry.record.document, entry.record.status
    return {
        "previous": state,
        "previous_reason": document["reason"],
        "previous_data": document["reason_data"],
        "previous_at": document["transitioned"],
        "state": state,
        "reason": document["reason"],
        "data": document["reason_data"],
        "at": document["transitioned"],
    }
