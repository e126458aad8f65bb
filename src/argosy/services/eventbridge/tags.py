"""Tags of rules and event buses."""

from typing import Any

from argosy.ground.errors import ResourceNotFoundException, ValidationException
from argosy.services.registry import Call, operation
from argosy.state.events import DEFAULT_BUS
from argosy.state.record import Record
from argosy.state.rules import BUS, NO_BUS, RULE, record_name

_MOST_TAGS = 50


@operation("events", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    tags = {tag["Key"]: tag["Value"] for tag in call.input["Tags"]}
    with call.records.transaction():
        _change(call, {**_tags(call), **tags})
    return {}


@operation("events", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    gone = set(call.input["TagKeys"])
    with call.records.transaction():
        _change(call, {key: value for key, value in _tags(call).items() if key not in gone})
    return {}


@operation("events", "ListTagsForResource")
def list_tags_for_resource(call: Call) -> dict[str, Any]:
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tags(call).items()]}


def _tags(call: Call) -> dict[str, str]:
    record = _tagged(call)
    return dict(record.document["tags"]) if record else {}


def _change(call: Call, tags: dict[str, str]) -> None:
    if len(tags) > _MOST_TAGS or any(key.lower().startswith("aws:") for key in tags):
        raise ValidationException(f"There are at most {_MOST_TAGS} tags, none begins with aws:.")
    record, now = _tagged(call), call.clock.now()
    if record is None:
        call.records.create(BUS, *_place(call), DEFAULT_BUS, {**NO_BUS, "tags": tags}, now=now)
        return
    document = {**record.document, "tags": tags}
    call.records.update(record, now=now, document=document, touch=False)


def _tagged(call: Call) -> Record | None:
    """None for the default bus where it has no record. Raises ResourceNotFoundException."""
    arn = call.input["ResourceARN"]
    region, account, resource = [*arn.split(":", 5)[3:], "", "", ""][:3]
    kind, _, name = resource.partition("/")
    if kind == RULE:
        name = name if "/" in name else record_name(DEFAULT_BUS, name)
    there = kind in (RULE, BUS) and (account, region) == _place(call)
    record = call.records.get(kind, *_place(call), name) if there else None
    if record is None and not (there and (kind, name) == (BUS, DEFAULT_BUS)):
        raise ResourceNotFoundException(f"{arn[:256]} does not exist.")
    return record


def _place(call: Call) -> tuple[str, str]:
    return call.caller.account, call.caller.region
