"""CloudWatch Logs: streams of users are made, filled and removed.

Streams of models and jobs are written beside the models, and PutLogEvents leaves them alone.
"""

import asyncio
from typing import Any

from argosy.services.log_put import accepted
from argosy.services.log_reading import existing_group, keeper_of, kept_since, translated
from argosy.services.registry import Call, operation


@operation("logs", "CreateLogStream")
def create_log_stream(call: Call) -> dict[str, Any]:
    with translated():
        keeper_of(call).create_stream(call.input["logGroupName"], call.input["logStreamName"])
    return {}


@operation("logs", "DeleteLogStream")
def delete_log_stream(call: Call) -> dict[str, Any]:
    with translated():
        keeper_of(call).delete_stream(call.input["logGroupName"], call.input["logStreamName"])
    return {}


@operation("logs", "PutLogEvents")
async def put_log_events(call: Call) -> dict[str, Any]:
    """Answered when the events are on disk. Sequence tokens are not looked at, as in AWS."""
    group = existing_group(call, call.input["logGroupName"])
    now_ms = int(call.clock.now() * 1000)
    events, rejected = accepted(call.input["logEvents"], now_ms, kept_since(call, group))
    await asyncio.to_thread(_put, call, group, events, now_ms)
    answer: dict[str, Any] = {"nextSequenceToken": f"{now_ms:056d}"}
    return {**answer, "rejectedLogEventsInfo": rejected} if rejected else answer


def _put(call: Call, group: str, events: list[tuple[int, str]], now_ms: int) -> None:
    stream, most = call.input["logStreamName"], call.settings.log_stream_mb << 20
    with translated():
        keeper_of(call).put(group, stream, events, now_ms, most)
