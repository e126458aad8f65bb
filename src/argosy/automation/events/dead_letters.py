"""What could not be delivered goes into the target's dead-letter queue, with the reason.

Attributes: Amazon EventBridge User Guide, "Using dead-letter queues", and Scheduler's of the same
name. A queue that is not there is a line in the log, and the event is lost.
"""

import logging
import uuid

from argosy.automation.events.failure import Undeliverable
from argosy.ground.errors import ApiError
from argosy.means import Means
from argosy.messaging.sending import Letter
from argosy.state.event_deliveries import EventDelivery

log = logging.getLogger(__name__)

_LONGEST = 1024


def bury(
    means: Means,
    delivery: EventDelivery,
    why: Undeliverable,
    exhausted: str,
    attempts: int,
    now: float,
) -> bool:
    """Write it into the queue, joining the open transaction; False where there is none to take it.

    exhausted: the limit of the retry policy that was reached, "" where no other try could help.
    """
    arn = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
    queue = means.messaging.queues.of_arn(arn) if arn else None
    if queue is None:
        log.warning("nothing of %s reaches %s: %s", delivery.origin, _arn(delivery), why.message)
        return False
    said = {
        "ERROR_CODE": why.code,
        "ERROR_MESSAGE": why.message[:_LONGEST],
        "RETRY_ATTEMPTS": str(max(0, attempts - 1)),
        _origin_name(delivery): delivery.origin,
        "TARGET_ARN": _arn(delivery),
        **({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {}),
    }
    letter = Letter(
        delivery.body or "{}",
        attributes={name: {"DataType": "String", "StringValue": v} for name, v in said.items()},
        group=delivery.origin.rpartition(":")[2][:128] if queue.fifo else "",
        deduplication=str(uuid.uuid4()) if queue.fifo else "",
        trace_header=delivery.trace,
    )
    try:
        means.messaging.sending.send(queue, letter, delivery.service, now)
    except ApiError as error:
        log.warning("the dead-letter queue %s does not take it: %s", arn, error)
        return False
    return True


def _origin_name(delivery: EventDelivery) -> str:
    return "SCHEDULE_ARN" if ":scheduler:" in delivery.origin else "RULE_ARN"


def _arn(delivery: EventDelivery) -> str:
    return str(delivery.target["Arn"])
