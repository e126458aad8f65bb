"""Tags of rules and event buses."""

from typing import Any

from argosy.ground.errors import ResourceNotFoundException, ValidationException
from argosy.services.registry import Call, operation
from argosy.state.events import DEFAULT_BUS
from argosy.state.record import Record
from argosy.state.rules import BUS, RULE, record_name

_MOST_TAGS = 50


@operation("events", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    tags = {tag["Key"]: tag["Value"] for tag in call.input["Tags"]}
    _change(call, {**_tagged(call).document["tags"], **tags})
    return {}


@operation("events", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    gone = set(call.input["TagKeys"])
    kept = _tagged(call).document["tags"].items()
    _change(call, {key: value for key, value in kept if key not in gone})
    return {}


@operation("events", "ListTagsForResource")
def list_tags_for_resource(call: Call) -> dict[str, Any]:
    kept = _tagged(call).document["tags"]
    return {"Tags": [{"Key": key, "Value": value} for key, value in kept.items()]}


def _change(call: Call, tags: dict[str, str]) -> None:
    if len(tags) > _MOST_TAGS or any(key.lower().startswith("aws:") for key in tags):
        raise ValidationException(f"There are at most {_MOST_TAGS} tags, none begins with aws:.")
    record = _tagged(call)
    document = {**record.document, "tags": tags}
    call.records.update(record, now=call.clock.now(), document=document, touch=False)


def _tagged(call: Call) -> Record:
    arn = call.input["ResourceARN"]
    kind, _, name = arn.split(":", 5)[-1].partition("/")
    if kind == RULE:
        name = name if "/" in name else record_name(DEFAULT_BUS, name)
    record = call.records.get(kind if kind in (RULE, BUS) else "-", *_place(call), name)
    if record is None:
        raise ResourceNotFoundException(f"{arn[:256]} does not exist.")
    return record


def _place(call: Call) -> tuple[str, str]:
    return call.caller.account, call.caller.region
