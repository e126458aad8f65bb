"""What destinations and dead letters are told of an event. Pure.

Source: reference/automation.md §3; Lambda Developer Guide, "Capturing records of Lambda
asynchronous invocations".
"""

import json
from datetime import UTC, datetime
from typing import Any

from argosy.automation.queue.attempts import Condition
from argosy.ground.functions import LATEST, Invoked
from argosy.state.invocations import Invocation

_LONGEST_MESSAGE = 1024


def record(
    event: Invocation, condition: Condition, invoked: Invoked | None, invokes: int, now: float
) -> dict[str, Any]:
    """The invocation record. `invoked`: the last answer, if there was any."""
    qualified = event.arn if event.arn != event.function else f"{event.function}:{LATEST}"
    context: dict[str, Any] = {}
    if invoked is not None:
        context["responseContext"] = {"statusCode": 200, "executedVersion": invoked.version}
        if invoked.error:
            context["responseContext"]["functionError"] = invoked.error
        context["responsePayload"] = _json(invoked.payload)
    return {
        "version": "1.0",
        "timestamp": timestamp(now),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": qualified,
            "condition": condition,
            "approximateInvokeCount": invokes,
        },
        "requestPayload": _json(event.payload),
        **context,
    }


def dead_letter_attributes(event: Invocation, invoked: Invoked | None) -> dict[str, Any]:
    """Attributes of a dead letter, whose body is the event as it was."""
    texts = {"RequestID": event.request_id, "ErrorCode": "200", "ErrorMessage": _error(invoked)}
    types = {"ErrorCode": "Number"}
    return {
        name: {"DataType": types.get(name, "String"), "StringValue": text}
        for name, text in texts.items()
        if text
    }


def timestamp(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _error(invoked: Invoked | None) -> str:
    answer = None if invoked is None else _json(invoked.payload)
    message = answer.get("errorMessage") if isinstance(answer, dict) else answer
    return str(message or "")[:_LONGEST_MESSAGE]


def _json(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return payload.decode("utf-8", "replace")
