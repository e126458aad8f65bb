"""SQS: tasks that move messages out of a dead-letter queue; control carries them out."""

from typing import Any

from argosy.messaging.move_tasks import MoveTask
from argosy.services.registry import Call, operation
from argosy.services.sqs_finding import number

_MOST_A_SECOND = 500
_MOST_LISTED = 10


@operation("sqs", "StartMessageMoveTask")
def start_message_move_task(call: Call) -> dict[str, Any]:
    """Without DestinationArn each message goes back to the queue it came from."""
    rate = number(call, "MaxNumberOfMessagesPerSecond", 1, _MOST_A_SECOND, 0)
    task = call.messaging.move_tasks.start(
        call.input["SourceArn"], call.input.get("DestinationArn") or "", rate
    )
    return {"TaskHandle": task.handle}


@operation("sqs", "ListMessageMoveTasks")
def list_message_move_tasks(call: Call) -> dict[str, Any]:
    most = number(call, "MaxResults", 1, _MOST_LISTED, 1)
    tasks = call.messaging.move_tasks.of_source(call.input["SourceArn"])
    return {"Results": [_view(task) for task in tasks[:most]]}


@operation("sqs", "CancelMessageMoveTask")
def cancel_message_move_task(call: Call) -> dict[str, Any]:
    task = call.messaging.move_tasks.cancel(call.input["TaskHandle"])
    return {"ApproximateNumberOfMessagesMoved": task["moved"]}


def _view(task: MoveTask) -> dict[str, Any]:
    return {
        "TaskHandle": task.handle if task.running else None,
        "Status": task.record.status,
        "SourceArn": task["source"],
        "DestinationArn": task["destination"] or None,
        "MaxNumberOfMessagesPerSecond": task["rate"] or None,
        "ApproximateNumberOfMessagesMoved": task["moved"],
        "ApproximateNumberOfMessagesToMove": task["to_move"],
        "FailureReason": task["reason"] or None,
        "StartedTimestamp": int(task.record.created * 1000),
    }
