"""Tags of scalable targets."""

from typing import Any

from argosy.ground.errors import ResourceNotFoundException, ValidationException
from argosy.services.autoscaling.errors import TooManyTagsException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker import tags as shared
from argosy.state.records import Record
from argosy.state.scaling import TARGET


def target_arn(target: Record) -> str:
    return (
        f"arn:aws:application-autoscaling:{target.region}:{target.account}:scalable-target/"
        f"{target.document['id']}"
    )


@operation("application-autoscaling", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    added = call.input["Tags"]
    check_tags(added)
    with call.records.transaction():
        target = _found(call)
        merged = {**_tags_of(call, target), **added}
        if len(merged) > shared.MOST_TAGS:
            raise TooManyTagsException(
                f"The scalable target would have {len(merged)} tags; at most {shared.MOST_TAGS} "
                "are allowed."
            )
        set_tags(call, target, merged)
    return {}


@operation("application-autoscaling", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    gone = set(call.input["TagKeys"])
    with call.records.transaction():
        target = _found(call)
        tags = _tags_of(call, target)
        set_tags(call, target, {key: value for key, value in tags.items() if key not in gone})
    return {}


@operation("application-autoscaling", "ListTagsForResource")
def list_tags_for_resource(call: Call) -> dict[str, Any]:
    return {"Tags": _tags_of(call, _found(call))}


def check_tags(tags: dict[str, str]) -> None:
    """Raise ValidationException for a key that AWS reserves, TooManyTagsException beyond 50."""
    for key in tags:
        if key.lower().startswith("aws:"):
            raise ValidationException(f'Tag key "{key}" begins with aws:, which is reserved.')
    if len(tags) > shared.MOST_TAGS:
        raise TooManyTagsException(f"A scalable target has at most {shared.MOST_TAGS} tags.")


def set_tags(call: Call, target: Record, tags: dict[str, str]) -> None:
    """Make these the target's tags."""
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    shared.set_tags(call, target_arn(target), listed)


def _tags_of(call: Call, target: Record) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in shared.tags_of(call, target_arn(target))}


def _found(call: Call) -> Record:
    arn = call.input["ResourceARN"]
    for target in call.records.find(TARGET, call.caller.account, call.caller.region):
        if target_arn(target) == arn:
            return target
    raise ResourceNotFoundException(f"No scalable target has the ARN {arn}.", ResourceName=arn)
