"""What is done for each kind of target: a row for a function's queue, a message, an event.

A target joins the transaction in which its delivery is removed: it raises Undeliverable before it
has written anything, or has written all of it. Targets that are asked by an operation are in
`operations`.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from argosy.automation.events import log_target
from argosy.automation.events.failure import (
    ERROR_FROM_TARGET,
    HOP,
    INVALID_JSON,
    INVALID_PARAMETER,
    NO_PERMISSIONS,
    NO_RESOURCE,
    Undeliverable,
)
from argosy.ground import event_detail
from argosy.ground.errors import ApiError
from argosy.ground.stamps import seconds_stamp
from argosy.means import Means
from argosy.messaging.publication import Publication
from argosy.messaging.resource_policy import Sender, lets_in
from argosy.messaging.sending import Letter
from argosy.state.event_deliveries import EventDelivery
from argosy.state.events import DEFAULT_BUS
from argosy.state.invoking import invoke_for
from argosy.state.object_events import SERVICE as S3
from argosy.state.rules import BUS, bus_arn
from argosy.state.schedules import SERVICE as SCHEDULER

Deliver = Callable[[Means, EventDelivery, float], None]

_S3_SUBJECT = "Amazon S3 Notification"
_MOST_HOPS = 1


def deliver(means: Means, delivery: EventDelivery, now: float) -> None:
    """Give the target what it is to have. Raises Undeliverable."""
    service = _service_of(delivery)
    handler = _TARGETS.get(service)
    if handler is None:
        raise Undeliverable(INVALID_PARAMETER, f"{_arn(delivery)} is no target of this platform.")
    try:
        handler(means, delivery, now)
    except ApiError as error:
        raise Undeliverable(ERROR_FROM_TARGET, error.message, again=error.status >= 500) from None


def _to_function(means: Means, delivery: EventDelivery, now: float) -> None:
    refused = invoke_for(
        means.records,
        delivery.account,
        delivery.region,
        _arn(delivery),
        delivery.body,
        now,
        service="" if _by_role(delivery) else delivery.service,
        source_arn=delivery.origin,
        trace=delivery.trace,
    )
    if refused is not None:
        raise Undeliverable(*refused)


def _to_queue(means: Means, delivery: EventDelivery, now: float) -> None:
    messaging, arn = means.messaging, _arn(delivery)
    queue = messaging.queues.of_arn(arn)
    if queue is None:
        raise Undeliverable(NO_RESOURCE, f"There is no queue {arn}.")
    policy = queue.attributes.get("Policy", "")
    if not _by_role(delivery) and not lets_in(policy, sender_of(delivery), "sqs:SendMessage", arn):
        raise _not_permitted(delivery, "sqs:SendMessage")
    group = (delivery.target.get("SqsParameters") or {}).get("MessageGroupId", "")
    if queue.fifo and not group:
        raise Undeliverable(INVALID_PARAMETER, "A FIFO queue needs SqsParameters.MessageGroupId.")
    letter = Letter(delivery.body, group=group, trace_header=delivery.trace)
    messaging.sending.send(queue, letter, delivery.service, now)


def _to_topic(means: Means, delivery: EventDelivery, now: float) -> None:
    messaging, arn = means.messaging, _arn(delivery)
    topic = messaging.topics.find(arn)
    if topic is None:
        raise Undeliverable(NO_RESOURCE, f"There is no topic {arn}.")
    permitted = lets_in(topic.get("Policy"), sender_of(delivery), "sns:Publish", arn)
    if not _by_role(delivery) and not permitted:
        raise _not_permitted(delivery, "sns:Publish")
    subject = _S3_SUBJECT if delivery.service == S3 else None
    messaging.publish(arn, Publication(delivery.body, subject, trace=delivery.trace))


def _to_bus(means: Means, delivery: EventDelivery, now: float) -> None:
    region, account, resource = _arn(delivery).split(":")[3:6]
    name = resource.partition("/")[2]
    if account != delivery.account:
        raise Undeliverable(NO_RESOURCE, "Buses of other accounts are not offered here.")
    if name != DEFAULT_BUS and means.records.get(BUS, account, region, name) is None:
        raise Undeliverable(NO_RESOURCE, f"There is no {bus_arn(region, account, name)}.")
    if delivery.hops >= _MOST_HOPS:
        raise Undeliverable(HOP, "An event is passed on from one bus to another only once.")
    by_scheduler = delivery.service == SCHEDULER
    event = _scheduled(delivery, now) if by_scheduler else json.loads(delivery.body)
    means.events.add(
        account,
        region,
        event["source"],
        event["detail-type"],
        event["resources"],
        event["detail"],
        datetime.fromisoformat(event["time"]).timestamp(),
        bus=name,
        trace=delivery.trace,
        hops=delivery.hops + 1,
        event_id=event["id"],
    )


def _scheduled(delivery: EventDelivery, now: float) -> dict[str, Any]:
    """The event that a schedule puts on a bus: its input is the detail."""
    said = delivery.target.get("EventBridgeParameters") or {}
    detail = event_detail.read(delivery.body)
    if detail is None:
        raise Undeliverable(INVALID_JSON, "The target's Input is not a JSON object.")
    return {
        "source": said["Source"],
        "detail-type": said["DetailType"],
        "resources": [delivery.origin],
        "detail": detail,
        "id": str(uuid.uuid4()),
        "time": seconds_stamp(now),
    }


def sender_of(delivery: EventDelivery) -> Sender:
    """Who asks, as policies see it."""
    return Sender(delivery.service, delivery.origin, delivery.account)


def _by_role(delivery: EventDelivery) -> bool:
    """It is delivered by a role of the account, not by the service."""
    return bool(delivery.target.get("RoleArn"))


def _not_permitted(delivery: EventDelivery, action: str) -> Undeliverable:
    text = f"The policy of {_arn(delivery)} does not allow {delivery.service} {action} for "
    return Undeliverable(NO_PERMISSIONS, f"{text}{delivery.origin}.")


def _arn(delivery: EventDelivery) -> str:
    return str(delivery.target["Arn"])


def _service_of(delivery: EventDelivery) -> str:
    parts = _arn(delivery).split(":")
    return parts[2] if len(parts) > 5 else ""


_TARGETS: Mapping[str, Deliver] = {
    "lambda": _to_function,
    "sqs": _to_queue,
    "sns": _to_topic,
    "events": _to_bus,
    "logs": log_target.deliver,
}
KINDS = frozenset(_TARGETS)
