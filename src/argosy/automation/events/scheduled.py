"""A schedule of EventBridge Scheduler happens: a delivery to its one target."""

import json
import uuid

from argosy.automation.events.retrying import AGE
from argosy.ground.stamps import seconds_stamp
from argosy.means import Means
from argosy.state.event_deliveries import EventDeliveries, EventDelivery
from argosy.state.event_timers import Timer
from argosy.state.record import Record
from argosy.state.schedules import SCHEDULE, SERVICE, next_timer, schedule_arn, window_s

_ATTEMPT = "<aws.scheduler.attempt-number>"


def fire_schedule(means: Means, record: Record, timer: Timer, now: float) -> Timer | None:
    """Write the delivery and say when next; the last time may remove the schedule.

    The age of one that comes late counts from its time only where its retry policy speaks of one.
    Times within a flexible window of now are still to happen, others that have passed are not.
    """
    target = record.document["Target"]
    aged = AGE in (target.get("RetryPolicy") or {})
    EventDeliveries(means.records.transactions).add(
        EventDelivery(
            account=record.account,
            region=record.region,
            service=SERVICE,
            origin=schedule_arn(record),
            target=target,
            body=_body(record, timer),
            created=timer.scheduled if aged else now,
            next_at=now,
        )
    )
    following = next_timer(record, max(timer.scheduled, now - window_s(record)))
    if following is None and record.document.get("ActionAfterCompletion") == "DELETE":
        means.records.delete(SCHEDULE, record.account, record.region, record.name)
    return following


def numbered(delivery: EventDelivery) -> EventDelivery:
    """With the number of the attempt where the Input of a schedule asks for it."""
    if delivery.service != SERVICE or _ATTEMPT not in delivery.body:
        return delivery
    body = delivery.body.replace(_ATTEMPT, str(delivery.attempts + 1))
    return EventDelivery(**{**vars(delivery), "body": body})


def _body(record: Record, timer: Timer) -> str:
    """The target's Input, or what Scheduler says where there is none."""
    arn, time, execution = schedule_arn(record), seconds_stamp(timer.scheduled), str(uuid.uuid4())
    given = record.document["Target"].get("Input")
    if given is not None:
        known = {
            "schedule-arn": arn,
            "scheduled-time": time,
            "execution-id": execution,
        }
        for name, value in known.items():
            given = given.replace(f"<aws.scheduler.{name}>", value)
        return str(given)
    return json.dumps(
        {
            "version": "0",
            "id": execution,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": record.account,
            "time": time,
            "region": record.region,
            "resources": [arn],
            "detail": "{}",
        }
    )
