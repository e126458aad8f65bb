"""CloudWatch Logs: groups and streams are described, and the events of one stream read.

The groups of models are /aws/sagemaker/Endpoints/NAME, one stream an instance; the files are
`argosy.telemetry.logs`'s. Searching events is in `log_search`.
"""

import re
from typing import Any

from argosy.ground.errors import InvalidParameterException
from argosy.ground.names import log_group_arn
from argosy.services.log_reading import (
    group_of,
    named_by,
    read_stream,
    reader_of,
    start_of,
    translated,
)
from argosy.services.log_tokens import bad_token, pack, unpack
from argosy.services.members import without_none
from argosy.services.registry import Call, operation
from argosy.state.log_groups import filters_of, settings_of
from argosy.telemetry.logs import Group, Stream

_PAGE = 50
_TOKEN = re.compile(r"([fb])/(\d{1,40})")


@operation("logs", "DescribeLogGroups")
def describe_log_groups(call: Call) -> dict[str, Any]:
    asked = call.input
    prefix, part = asked.get("logGroupNamePrefix") or "", asked.get("logGroupNamePattern") or ""
    if prefix and part:
        raise InvalidParameterException("Give logGroupNamePrefix or logGroupNamePattern, not both.")
    names = [name for name in reader_of(call).group_names(prefix) if part in name]
    if asked.get("logGroupIdentifiers"):
        wanted = {named_by(one) for one in asked["logGroupIdentifiers"]}
        names = [name for name in names if name in wanted]
    if (asked.get("logGroupClass") or "STANDARD") != "STANDARD":
        names = []
    page, token = _page(call, [[name] for name in names])
    groups = [_group_body(call, reader_of(call).group(key[-1])) for key in page]
    return {"logGroups": groups, **token}


@operation("logs", "DescribeLogStreams")
def describe_log_streams(call: Call) -> dict[str, Any]:
    asked = call.input
    by_time = asked.get("orderBy") == "LastEventTime"
    prefix = asked.get("logStreamNamePrefix") or ""
    if by_time and prefix:
        raise InvalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.")
    group, reader = group_of(asked), reader_of(call)
    with translated():
        if by_time:
            keys = [[one.last_event_ms or 0, one.name] for one in reader.streams(group)]
        else:
            keys = [[name] for name in reader.stream_names(group, prefix)]
        page, token = _page(call, keys, descending=bool(asked.get("descending")))
        streams = [_stream_body(call, group, reader.stream(group, key[-1])) for key in page]
    return {"logStreams": streams, **token}


@operation("logs", "GetLogEvents")
def get_log_events(call: Call) -> dict[str, Any]:
    """Forward or backward from a token; at an end no events and the same token again."""
    asked = call.input
    position, backwards = _start(asked)
    group = group_of(asked)
    events, forward, backward = read_stream(
        call,
        group,
        asked["logStreamName"],
        position,
        limit=asked.get("limit") or 10_000,
        start_ms=start_of(call, group),
        end_ms=asked.get("endTime"),
        backwards=backwards,
    )
    events.sort(key=lambda event: event.timestamp_ms)
    return {
        "events": [
            {
                "timestamp": event.timestamp_ms,
                "message": event.message,
                "ingestionTime": event.ingestion_ms,
            }
            for event in events
        ],
        "nextForwardToken": f"f/{forward:020d}",
        "nextBackwardToken": f"b/{backward:020d}",
    }


def _start(asked: dict[str, Any]) -> tuple[int | None, bool]:
    """(position, backwards); position None is the stream's head or tail."""
    token = asked.get("nextToken")
    if token is None:
        return None, not asked.get("startFromHead")
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise bad_token()
    return int(match[2]), match[1] == "b"


def _page(
    call: Call, keys: list[list[Any]], *, descending: bool = False
) -> tuple[list[list[Any]], dict[str, str]]:
    """The next items by key; the token is the last key given, so new items shift nothing."""
    keys = sorted(keys, reverse=descending)
    if call.input.get("nextToken"):
        last = _last_key(call)
        keys = [key for key in keys if (key < last if descending else key > last)]
    limit = call.input.get("limit") or _PAGE
    page, more = keys[:limit], keys[limit:]
    return page, {"nextToken": pack(page[-1])} if more else {}


def _last_key(call: Call) -> list[Any]:
    last = unpack(call.input["nextToken"])
    shape = [str] if call.input.get("orderBy") != "LastEventTime" else [int, str]
    if not isinstance(last, list) or [type(part) for part in last] != shape:
        raise bad_token()
    return last


def _group_body(call: Call, group: Group) -> dict[str, Any]:
    place = call.caller.account, call.caller.region
    arn = log_group_arn(call.caller.region, call.caller.account, group.name)
    days = settings_of(call.records, *place, group.name).retention_days
    return {
        "logGroupName": group.name,
        "creationTime": group.created_ms,
        **({} if days is None else {"retentionInDays": days}),
        "metricFilterCount": len(filters_of(call.records, *place, group.name)),
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "storedBytes": group.stored_bytes,
        "logGroupClass": "STANDARD",
    }


def _stream_body(call: Call, group: str, stream: Stream) -> dict[str, Any]:
    arn = log_group_arn(call.caller.region, call.caller.account, group)
    body = {
        "logStreamName": stream.name,
        "creationTime": stream.created_ms,
        "firstEventTimestamp": stream.first_event_ms,
        "lastEventTimestamp": stream.last_event_ms,
        "lastIngestionTime": stream.last_ingestion_ms,
        "arn": f"{arn}:log-stream:{stream.name}",
        "storedBytes": stream.stored_bytes,
    }
    return without_none(body)
