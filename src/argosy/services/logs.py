"""CloudWatch Logs: the logs of models, read only. What is written is the agents' business.

Groups are /aws/sagemaker/Endpoints/NAME, one stream an instance; the files are
`argosy.telemetry.logs`'s. Searching events is in `log_search`.
"""

import re
from typing import Any

from argosy.ground.errors import InvalidParameterException
from argosy.ground.names import log_group_arn
from argosy.services.log_reading import group_of, read_stream, reader_of, streams_of
from argosy.services.log_tokens import bad_token, pack, unpack
from argosy.services.registry import Call, operation
from argosy.telemetry.logs import Group, Stream

_PAGE = 50
_TOKEN = re.compile(r"([fb])/(\d{1,40})")


@operation("logs", "DescribeLogGroups")
def describe_log_groups(call: Call) -> dict[str, Any]:
    asked = call.input
    prefix, part = asked.get("logGroupNamePrefix") or "", asked.get("logGroupNamePattern") or ""
    if prefix and part:
        raise InvalidParameterException("Give logGroupNamePrefix or logGroupNamePattern, not both.")
    groups = [group for group in reader_of(call).groups(prefix) if part in group.name]
    if asked.get("logGroupIdentifiers"):
        names = {group_of({"logGroupIdentifier": one}) for one in asked["logGroupIdentifiers"]}
        groups = [group for group in groups if group.name in names]
    if (asked.get("logGroupClass") or "STANDARD") != "STANDARD":
        groups = []
    keyed = [([group.name], _group_body(call, group)) for group in groups]
    return _page(call, "logGroups", keyed)


@operation("logs", "DescribeLogStreams")
def describe_log_streams(call: Call) -> dict[str, Any]:
    asked = call.input
    by_time = asked.get("orderBy") == "LastEventTime"
    prefix = asked.get("logStreamNamePrefix") or ""
    if by_time and prefix:
        raise InvalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.")
    group = group_of(asked)
    keyed = [
        (
            [stream.last_event_ms or 0, stream.name] if by_time else [stream.name],
            _stream_body(call, group, stream),
        )
        for stream in streams_of(call, group, prefix)
    ]
    return _page(call, "logStreams", keyed, descending=bool(asked.get("descending")))


@operation("logs", "GetLogEvents")
def get_log_events(call: Call) -> dict[str, Any]:
    """Forward or backward from a token; at an end no events and the same token again."""
    asked = call.input
    position, backwards = _start(asked)
    events, forward, backward = read_stream(
        call,
        group_of(asked),
        asked["logStreamName"],
        position,
        limit=asked.get("limit") or 10_000,
        start_ms=asked.get("startTime"),
        end_ms=asked.get("endTime"),
        backwards=backwards,
    )
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
    call: Call,
    member: str,
    keyed: list[tuple[list[Any], dict[str, Any]]],
    *,
    descending: bool = False,
) -> dict[str, Any]:
    """The next items by key; the token is the last key given, so new items shift nothing."""
    keyed = sorted(keyed, key=lambda item: item[0], reverse=descending)
    if call.input.get("nextToken"):
        last = _last_key(call, keyed)
        keyed = [item for item in keyed if (item[0] < last if descending else item[0] > last)]
    limit = call.input.get("limit") or _PAGE
    page, more = keyed[:limit], keyed[limit:]
    body: dict[str, Any] = {member: [item for _, item in page]}
    if more:
        body["nextToken"] = pack(page[-1][0])
    return body


def _last_key(call: Call, keyed: list[tuple[list[Any], dict[str, Any]]]) -> list[Any]:
    last = unpack(call.input["nextToken"])
    shape = [str] if call.input.get("orderBy") != "LastEventTime" else [int, str]
    if not isinstance(last, list) or [type(part) for part in last] != shape:
        raise bad_token()
    return last


def _group_body(call: Call, group: Group) -> dict[str, Any]:
    arn = log_group_arn(call.caller.region, call.caller.account, group.name)
    return {
        "logGroupName": group.name,
        "creationTime": group.created_ms,
        "metricFilterCount": 0,
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
    return {name: value for name, value in body.items() if value is not None}
