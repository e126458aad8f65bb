"""Lambda: tags of functions."""

import re
from typing import Any

from argosy.services.lambda_.errors import InvalidParameterValueException
from argosy.services.lambda_.finding import change, get, missing, not_found
from argosy.services.registry import Call, operation
from argosy.state.functions import EVENT_SOURCE, FUNCTION, parse_name
from argosy.state.record import Record

MOST_TAGS = 50
_MAPPING = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:event-source-mapping:([0-9a-f-]{36})"
)


@operation("lambda", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        record = _resource(call)
        tags = {**record.document["tags"], **call.input["Tags"]}
        check_tags(tags)
        change(call, record, tags=tags)
    return {}


@operation("lambda", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    keys = set(call.input["TagKeys"])
    with call.records.transaction():
        record = _resource(call)
        kept = {key: value for key, value in record.document["tags"].items() if key not in keys}
        change(call, record, tags=kept)
    return {}


@operation("lambda", "ListTags")
def list_tags(call: Call) -> dict[str, Any]:
    return {"Tags": _resource(call).document["tags"]}


def check_tags(tags: dict[str, str]) -> None:
    """Raises InvalidParameterValueException for too many, or keys that AWS reserves."""
    if len(tags) > MOST_TAGS:
        raise InvalidParameterValueException(f"A resource has at most {MOST_TAGS} tags.")
    for key, value in tags.items():
        if key.lower().startswith("aws:") or not 1 <= len(key) <= 128 or len(value) > 256:
            raise InvalidParameterValueException(
                f"Tag {key[:128]!r} is not valid: keys have 1 to 128 characters and do not begin "
                "with aws:, values have at most 256."
            )


def _resource(call: Call) -> Record:
    """Raises ResourceNotFoundException, InvalidParameterValueException."""
    arn = call.input["Resource"]
    mapping = _MAPPING.fullmatch(arn)
    if mapping:
        record = get(call, EVENT_SOURCE, mapping[1])
        if record is None:
            raise missing()
        return record
    said = parse_name(arn) if arn.startswith("arn:") else None
    if said is None or said.qualifier:
        raise InvalidParameterValueException(
            f"{arn[:256]!r} is not the ARN of a function without qualifier."
        )
    record = get(call, FUNCTION, said.name)
    if record is None:
        raise not_found(arn)
    return record
