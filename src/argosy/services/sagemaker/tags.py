"""Tags of SageMaker's resources: given at creation, added, listed, deleted, gone with the resource.

A resource's tags are one record of kind "tags", named by the resource's ARN (lower-cased).
"""

import re
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.finding import NOUNS, could_not_find
from argosy.services.sagemaker.listing import bad_next_token

TAGS = "tags"
MOST_TAGS = 50

_ARN = re.compile(r"arn:aws[a-z-]*:sagemaker:([a-z0-9-]*):([0-9]{12}):([a-z-]+)/([!-~]+)")


@operation("sagemaker", "AddTags")
def add_tags(call: Call) -> dict[str, Any]:
    arn = _existing(call, call.input["ResourceArn"])
    added = call.input["Tags"]
    check_tags(added)
    merged = {tag["Key"]: tag for tag in [*tags_of(call, arn), *added]}
    tags = list(merged.values())
    if len(tags) > MOST_TAGS:
        raise ValidationException(
            f'Resource "{arn}" would have {len(tags)} tags; at most {MOST_TAGS} are allowed.'
        )
    set_tags(call, arn, tags)
    return {"Tags": tags}


@operation("sagemaker", "ListTags")
def list_tags(call: Call) -> dict[str, Any]:
    """All at once: a page holds 50 or more, and a resource has 50 tags at most."""
    if call.input.get("NextToken"):
        raise bad_next_token()
    return {"Tags": tags_of(call, _existing(call, call.input["ResourceArn"]))}


@operation("sagemaker", "DeleteTags")
def delete_tags(call: Call) -> dict[str, Any]:
    arn = _existing(call, call.input["ResourceArn"])
    gone = set(call.input["TagKeys"])
    set_tags(call, arn, [tag for tag in tags_of(call, arn) if tag["Key"] not in gone])
    return {}


def check_tags(tags: list[dict[str, str]] | None) -> None:
    """Raise ValidationException for a key given twice or one that AWS reserves."""
    keys = [tag["Key"] for tag in tags or ()]
    for key in keys:
        if key.lower().startswith("aws:"):
            raise ValidationException(f'Tag key "{key}" begins with aws:, which is reserved.')
    if len(set(keys)) < len(keys):
        raise ValidationException("Tag keys must be unique; one is given twice.")


def tags_of(call: Call, arn: str) -> list[dict[str, str]]:
    region, account = _owner(arn)
    record = call.records.get(TAGS, account, region, arn)
    return list(record.document["tags"]) if record else []


def set_tags(call: Call, arn: str, tags: list[dict[str, str]] | None) -> None:
    """Make these the resource's tags; none removes the record."""
    region, account = _owner(arn)
    with call.records.transaction():
        call.records.delete(TAGS, account, region, arn)
        if tags:
            now = call.clock.now()
            call.records.create(TAGS, account, region, arn, {"tags": tags}, now=now)


def _existing(call: Call, given: str) -> str:
    """The ARN as it is recorded; raises ValidationException when it is nobody's of the caller."""
    match = _ARN.fullmatch(given)
    if not match:
        raise could_not_find("", given)
    region, account, kind, name = match.groups()
    known = kind in NOUNS and account == call.caller.account
    if not known or not call.records.get_any_case(kind, account, region, name):
        raise could_not_find(kind, given)
    return given.lower()


def _owner(arn: str) -> tuple[str, str]:
    """Region and account of an ARN."""
    _, _, _, region, account, _ = arn.split(":", 5)
    return region, account
