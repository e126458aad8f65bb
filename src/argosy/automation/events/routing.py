"""The loop that reads the outbox of events and writes a delivery for each target that wants one.

How far was read is part of the same transaction, so that each event is routed exactly once.
"""

import json
import logging
from typing import Any

from argosy.automation.events import counting
from argosy.automation.events.counting import Counting
from argosy.automation.events.dead_letters import bury
from argosy.automation.events.failure import INVALID_JSON, Undeliverable
from argosy.automation.events.retrying import AGE
from argosy.ground.event_patterns import loads
from argosy.ground.input_templates import BadShape, Source, body_for
from argosy.ground.stamps import seconds_stamp
from argosy.means import Means
from argosy.messaging.rounds import Rounds
from argosy.state.event_deliveries import EventDeliveries, EventDelivery
from argosy.state.events import KIND, Event
from argosy.state.remembered import Remembered
from argosy.state.rules import RULE, SERVICE, Rule, rules_of

log = logging.getLogger(__name__)

READER = "rules"
_GROUP = 100


class Routing(Rounds):
    """The loop of one process."""

    def __init__(self, means: Means, counts: Counting) -> None:
        super().__init__(means.records, KIND, "events", self._round)
        self._means = means
        self._counts = counts
        self._rules = Remembered[list[Rule]](means.records.transactions, RULE)

    async def _round(self) -> float | None:
        """Route what is new; returns at once while there may be more."""
        outbox = self._means.events
        found = outbox.after(outbox.position(READER), _GROUP)
        if not found:
            return None
        now = self._means.clock.now()
        try:
            self._route_all(found, now)
        except OSError:
            raise
        except Exception:
            log.exception("a group of events failed; routing them one by one")
            for event in found:
                self._route_alone(event, now)
        return 0.0 if len(found) == _GROUP else None

    def _route_all(self, found: list[Event], now: float) -> None:
        matched: list[Rule] = []
        with self._means.records.transaction():
            for event in found:
                matched += self._route(event, now)
            self._means.events.move(READER, found[-1].position)
        for rule in matched:
            place = rule.record.account, rule.record.region
            self._counts.rule(*place, counting.MATCHED, rule.name, now)
            self._counts.rule(*place, counting.TRIGGERED, rule.name, now)

    def _route_alone(self, event: Event, now: float) -> None:
        """One that nobody can route is left out, so that those behind it go on."""
        try:
            self._route_all([event], now)
        except OSError:
            raise
        except Exception:
            log.exception("the event %s of %s cannot be routed", event.id, event.source)
            self._means.events.move(READER, event.position)

    def _route(self, event: Event, now: float) -> list[Rule]:
        """The rules that it fits, after what their targets are to have was written."""
        rules = self._rules_for(event)
        if not rules:
            return []
        seen = envelope(event)
        facts = loads(_with_text(seen, event.text))
        fitting = [rule for rule in rules if rule.pattern and rule.pattern.matches(facts)]
        for rule in fitting:
            send_to_targets(self._means, rule, event, now)
        return fitting

    def _rules_for(self, event: Event) -> list[Rule]:
        place = event.account, event.region, event.bus
        return self._rules.get(
            place,
            lambda: [
                rule
                for rule in rules_of(self._means.records, *place)
                if rule.enabled and rule["pattern"] and rule.targets
            ],
        )


def send_to_targets(means: Means, rule: Rule, event: Event, now: float) -> None:
    """Write a delivery for each target of a rule, joining the open transaction.

    The age of a scheduled event that comes late counts from its time only where the target's retry
    policy speaks of an age.
    """
    seen, source = envelope(event), Source(rule.arn, rule.name, now)
    scheduled = bool(rule["schedule"]) and event.source == "aws.events"
    deliveries = EventDeliveries(means.records.transactions)
    for target in rule.targets.values():
        aged = AGE in (target.get("RetryPolicy") or {})
        delivery = EventDelivery(
            account=event.account,
            region=event.region,
            service=SERVICE,
            origin=rule.arn,
            target=target,
            body="",
            created=event.at if aged and scheduled else now,
            next_at=now,
            trace=event.trace,
            hops=event.hops,
        )
        try:
            body = body_for(target, seen, source)
        except BadShape as error:
            whole = EventDelivery(**{**vars(delivery), "body": json.dumps(seen)})
            bury(means, whole, Undeliverable(INVALID_JSON, str(error)), "", 0, now)
        else:
            deliveries.add(EventDelivery(**{**vars(delivery), "body": body}))


def envelope(event: Event) -> dict[str, Any]:
    """The event as targets see it."""
    return {
        "version": "0",
        "id": event.id,
        "detail-type": event.detail_type,
        "source": event.source,
        "account": event.account,
        "time": seconds_stamp(event.at),
        "region": event.region,
        "resources": event.resources,
        "detail": event.detail,
    }


def _with_text(seen: dict[str, object], detail: str) -> str:
    """The event as JSON, in which the detail is written as it came."""
    head = json.dumps({name: value for name, value in seen.items() if name != "detail"})
    return f'{head[:-1]}, "detail": {detail}}}'
