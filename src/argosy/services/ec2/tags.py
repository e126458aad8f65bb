"""Tags of instances."""

from typing import Any

from argosy.services.ec2.errors import Ec2Error, end_of_dry_run, invalid, missing
from argosy.services.ec2.filters import chosen, page
from argosy.services.ec2.finding import instances_of, named
from argosy.services.registry import Call, operation

_MOST = 50
_LONGEST_KEY, _LONGEST_VALUE = 127, 256
_FIELDS = {
    "resource-id": lambda one: [one["ResourceId"]],
    "resource-type": lambda one: [one["ResourceType"]],
    "key": lambda one: [one["Key"]],
    "value": lambda one: [one["Value"]],
}


@operation("ec2", "CreateTags")
def create_tags(call: Call) -> dict[str, Any]:
    added = check_tags(call.input.get("Tags") or [])
    if not added:
        raise missing("tagSet")
    _change(call, lambda tags: list({tag["Key"]: tag for tag in [*tags, *added]}.values()))
    return {}


@operation("ec2", "DeleteTags")
def delete_tags(call: Call) -> dict[str, Any]:
    """A tag with a value is deleted only where it has that value; without Tags all are."""
    gone = {tag["Key"]: tag.get("Value") for tag in call.input.get("Tags") or ()}

    def rest(tags: list[dict[str, str]]) -> list[dict[str, str]]:
        return [
            tag
            for tag in tags
            if gone and (tag["Key"] not in gone or gone[tag["Key"]] not in (None, tag["Value"]))
        ]

    _change(call, rest)
    return {}


@operation("ec2", "DescribeTags")
def describe_tags(call: Call) -> dict[str, Any]:
    found = [
        {**tag, "ResourceId": record.name, "ResourceType": "instance"}
        for record in instances_of(call)
        for tag in record.document["tags"]
    ]
    kept = chosen(call, found, _FIELDS, None)
    end_of_dry_run(call)
    tags, token = page(call, kept, lambda one: (0.0, f"{one['ResourceId']}/{one['Key']}"))
    return {"Tags": tags, "NextToken": token}


def check_tags(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    """The tags, each with a value. Raises Ec2Error."""
    keys = [tag.get("Key") or "" for tag in tags]
    if len(set(keys)) < len(keys):
        raise invalid("Duplicate tag key specified.")
    if len(tags) > _MOST:
        raise Ec2Error("TagLimitExceeded", f"At most {_MOST} tags are allowed.")
    for key in keys:
        if not key or key.lower().startswith("aws:"):
            raise invalid(f"Tag keys must not be empty nor start with the prefix aws: ({key!r})")
        if len(key) > _LONGEST_KEY:
            raise invalid(f"Tag key exceeds the maximum length of {_LONGEST_KEY} characters")
    if any(len(tag.get("Value") or "") > _LONGEST_VALUE for tag in tags):
        raise invalid(f"Tag value exceeds the maximum length of {_LONGEST_VALUE} characters")
    return [{"Key": tag["Key"], "Value": tag.get("Value") or ""} for tag in tags]


def _change(call: Call, changed: Any) -> None:
    if not call.input.get("Resources"):
        raise missing("resourceIdSet")
    with call.records.transaction():
        records = named(call, call.input["Resources"])
        end_of_dry_run(call)
        for record in records:
            tags = changed(record.document["tags"])
            document = {**record.document, "tags": check_tags(tags)}
            call.records.update(record, now=call.clock.now(), document=document, touch=False)
