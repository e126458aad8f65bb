"""CloudWatch Logs: tags of log groups, by ARN and, as older clients do, by name."""

from dataclasses import replace
from typing import Any

from argosy.ground.errors import InvalidParameterException, ResourceNotFoundException
from argosy.services.log_reading import existing_group, named_by
from argosy.services.registry import Call, operation
from argosy.state.log_groups import set_settings, settings_of

MOST_TAGS = 50


@operation("logs", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    return _add(call, _by_arn(call))


@operation("logs", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    return _remove(call, _by_arn(call), call.input["tagKeys"])


@operation("logs", "ListTagsForResource")
def list_tags_for_resource(call: Call) -> dict[str, Any]:
    return {"tags": _tags(call, _by_arn(call))}


@operation("logs", "TagLogGroup")
def tag_log_group(call: Call) -> dict[str, Any]:
    return _add(call, existing_group(call, call.input["logGroupName"]))


@operation("logs", "UntagLogGroup")
def untag_log_group(call: Call) -> dict[str, Any]:
    return _remove(call, existing_group(call, call.input["logGroupName"]), call.input["tags"])


@operation("logs", "ListTagsLogGroup")
def list_tags_log_group(call: Call) -> dict[str, Any]:
    return {"tags": _tags(call, existing_group(call, call.input["logGroupName"]))}


def check_tags(tags: dict[str, str]) -> None:
    """Raise InvalidParameterException for too many tags, or keys that AWS reserves."""
    if len(tags) > MOST_TAGS:
        raise InvalidParameterException(f"A log group has at most {MOST_TAGS} tags.")
    for key in tags:
        if key.lower().startswith("aws:"):
            raise InvalidParameterException(f"Tag key {key} begins with aws:, which is reserved.")


def _add(call: Call, group: str) -> dict[str, Any]:
    tags = {**_tags(call, group), **call.input["tags"]}
    check_tags(tags)
    return _set(call, group, tags)


def _remove(call: Call, group: str, keys: list[str]) -> dict[str, Any]:
    kept = {key: value for key, value in _tags(call, group).items() if key not in set(keys)}
    return _set(call, group, kept)


def _tags(call: Call, group: str) -> dict[str, str]:
    return settings_of(call.records, call.caller.account, call.caller.region, group).tags


def _set(call: Call, group: str, tags: dict[str, str]) -> dict[str, Any]:
    place = call.caller.account, call.caller.region
    settings = replace(settings_of(call.records, *place, group), tags=tags)
    set_settings(call.records, *place, group, settings, call.clock.now())
    return {}


def _by_arn(call: Call) -> str:
    arn = str(call.input["resourceArn"])
    if f":{call.caller.region}:{call.caller.account}:log-group:" not in arn:
        raise ResourceNotFoundException(f"{arn} is not a log group of this account and region.")
    return existing_group(call, named_by(arn))
