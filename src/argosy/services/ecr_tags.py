"""Tags of repositories: a record of kind "tags" named by the repository's ARN, as elsewhere."""

import re
from typing import Any

from argosy.ground.errors import InvalidParameterException
from argosy.oci import repositories
from argosy.oci.errors import InvalidTagParameterException, TooManyTagsException
from argosy.oci.names import Owner
from argosy.services.registry import Call, operation

_TAGS = "tags"
_MOST_TAGS = 50
_ARN = re.compile(r"arn:aws[a-z-]*:ecr:([a-z0-9-]+):([0-9]{12}):repository/(.+)")

Tags = list[dict[str, str]]


@operation("ecr", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    arn, added = _existing(call), call.input["tags"]
    check_tags(added)
    merged = {tag["Key"]: tag for tag in [*tags_of(call, arn), *added]}
    if len(merged) > _MOST_TAGS:
        raise TooManyTagsException(f"A repository has at most {_MOST_TAGS} tags.")
    set_tags(call, arn, list(merged.values()))
    return {}


@operation("ecr", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    arn, gone = _existing(call), set(call.input["tagKeys"])
    set_tags(call, arn, [tag for tag in tags_of(call, arn) if tag["Key"] not in gone])
    return {}


@operation("ecr", "ListTagsForResource")
def list_tags_for_resource(call: Call) -> dict[str, Any]:
    return {"tags": tags_of(call, _existing(call))}


def check_tags(tags: Tags) -> None:
    """Raises InvalidTagParameterException, TooManyTagsException."""
    keys = [tag["Key"] for tag in tags]
    if len(keys) > _MOST_TAGS:
        raise TooManyTagsException(f"A repository has at most {_MOST_TAGS} tags.")
    if len(set(keys)) < len(keys):
        raise InvalidTagParameterException("Tag keys must be unique; one is given twice.")
    for key in keys:
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:"):
            raise InvalidTagParameterException(
                f"The tag key '{key:.128}' is not allowed: 1 to 128 letters, not beginning aws:."
            )


def tags_of(call: Call, arn: str) -> Tags:
    record = call.records.get(_TAGS, *_owner(arn), arn)
    return list(record.document["tags"]) if record else []


def set_tags(call: Call, arn: str, tags: Tags) -> None:
    """Make these the repository's tags; none removes the record."""
    with call.records.transaction():
        call.records.delete(_TAGS, *_owner(arn), arn)
        if tags:
            now = call.clock.now()
            call.records.create(_TAGS, *_owner(arn), arn, {"tags": tags}, now=now)


def _existing(call: Call) -> str:
    """The ARN of a repository that is there."""
    arn = str(call.input["resourceArn"])
    match = _ARN.fullmatch(arn)
    if match is None or match[2] != call.caller.account:
        raise InvalidParameterException(
            f"Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN' {arn}"
        )
    repositories.find(call.records, Owner(match[2], match[1]), match[3])
    return arn


def _owner(arn: str) -> Owner:
    _, _, _, region, account, _ = arn.split(":", 5)
    return Owner(account, region)
