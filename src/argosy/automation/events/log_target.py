"""A CloudWatch log group as target: each event is a line in the rule's stream of the day.

What is written in a log lies in files and takes no part in the transaction: after kill -9 a line
may be there twice.
"""

import contextlib
import json
from datetime import UTC, datetime

from argosy.automation.events.failure import INTERNAL_ERROR, NO_RESOURCE, Undeliverable
from argosy.means import Means
from argosy.state.event_deliveries import EventDelivery
from argosy.telemetry.logs import LogExists, LogGroupMissing, LogKeeper

_MOST_BYTES = 64 << 20
"""Of a stream; the oldest lines go first."""


def deliver(means: Means, delivery: EventDelivery, now: float) -> None:
    """Write the body, or its "message" at its "timestamp". Raises Undeliverable."""
    *_, region, account, _, group = delivery.target["Arn"].removesuffix(":*").split(":", 6)
    keeper = LogKeeper(means.data_dir.logs, account, region)
    day = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d")
    stream = f"{day}/{delivery.origin.rpartition('/')[2]}"
    try:
        with contextlib.suppress(LogExists):
            keeper.create_stream(group, stream)
        keeper.put(group, stream, [_line(delivery.body, now)], int(now * 1000), _MOST_BYTES)
    except LogGroupMissing:
        raise Undeliverable(NO_RESOURCE, f"There is no log group {group}.") from None
    except OSError as error:
        raise Undeliverable(INTERNAL_ERROR, str(error), again=True) from None


def _line(body: str, now: float) -> tuple[int, str]:
    """Time in milliseconds, and text."""
    said = json.loads(body)
    if isinstance(said, dict) and set(said) == {"timestamp", "message"}:
        text = said["message"]
        at = said["timestamp"]
        return int(at) if isinstance(at, int | float) else int(now * 1000), str(text)
    return int(now * 1000), body
