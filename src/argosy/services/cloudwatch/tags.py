"""CloudWatch: tags of alarms and dashboards."""

from collections.abc import Iterable, Mapping
from typing import Any

from argosy.services.cloudwatch.errors import (
    InvalidParameterValue,
    ResourceNotFoundException,
    ServiceValidationError,
)
from argosy.services.registry import Call, operation
from argosy.state.alarms import find_alarm
from argosy.state.record import Record

DASHBOARD = "dashboard"
"""Kind of record."""
_MOST_TAGS = 50


def tags_of(given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags by their keys. Raises ServiceValidationError."""
    tags = {one["Key"]: one["Value"] for one in given}
    _check(tags)
    return tags


def _check(tags: Mapping[str, str]) -> None:
    if len(tags) > _MOST_TAGS:
        raise ServiceValidationError(f"A resource has at most {_MOST_TAGS} tags.")
    if any(key.lower().startswith("aws:") for key in tags):
        raise ServiceValidationError("Keys of tags must not begin with aws:.")


@operation("cloudwatch", "ListTagsForResource")
def list_tags_for_resource(call: Call) -> dict[str, Any]:
    tags = _find(call).document["tags"]
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


@operation("cloudwatch", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    record = _find(call)
    tags = {**record.document["tags"], **tags_of(call.input["Tags"])}
    _check(tags)
    return _write(call, record, tags)


@operation("cloudwatch", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    record = _find(call)
    gone = set(call.input["TagKeys"])
    return _write(call, record, {k: v for k, v in record.document["tags"].items() if k not in gone})


def _write(call: Call, record: Record, tags: Mapping[str, str]) -> dict[str, Any]:
    document = {**record.document, "tags": dict(tags)}
    call.records.update(record, now=call.clock.now(), document=document, touch=False)
    return {}


def _find(call: Call) -> Record:
    """What the ARN names. Raises ResourceNotFoundException, InvalidParameterValue."""
    arn = call.input["ResourceARN"]
    parts = arn.split(":", 6)
    if len(parts) < 6 or parts[:3] != ["arn", "aws", "cloudwatch"]:
        raise InvalidParameterValue(f"{arn[:200]} is not the ARN of an alarm or a dashboard.")
    account, region = call.caller.account, call.caller.region
    found = None
    if len(parts) == 7 and parts[3:6] == [region, account, "alarm"]:
        found = find_alarm(call.records, account, region, parts[6])
    elif parts[3:5] == ["", account] and parts[5].startswith("dashboard/"):
        found = call.records.get(DASHBOARD, account, region, parts[5].partition("/")[2])
    if found is None:
        raise ResourceNotFoundException(
            f"{arn[:200]} does not exist.", ResourceType="", ResourceId=arn[:200]
        )
    return found
