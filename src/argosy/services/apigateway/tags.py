"""Tags of APIs, stages, keys and usage plans; and the account's settings."""

import re
from typing import Any

from argosy.services.apigateway import own, patches
from argosy.services.apigateway.errors import BadRequestException, NotFoundException
from argosy.services.registry import Call, operation
from argosy.state.apis import ACCOUNT, API_KEY, HTTP_API, REST_API, USAGE_PLAN
from argosy.state.records import Record

_ARN = re.compile(r"arn:aws:apigateway:[\w-]*::/(\w+)/(\w+)(?:/stages/([\w$-]+))?")
_KINDS = {
    "restapis": REST_API,
    "apis": HTTP_API,
    "apikeys": API_KEY,
    "usageplans": USAGE_PLAN,
}
_MOST = 50
_ACCOUNT = {
    "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
    "features": ["UsagePlans"],
    "apiKeyVersion": "4",
}


@operation("apigateway", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    change_tags(call, call.input["resourceArn"], call.input["tags"], [])
    return {}


@operation("apigateway", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    change_tags(call, call.input["resourceArn"], {}, call.input["tagKeys"])
    return {}


@operation("apigateway", "GetTags")
def get_tags(call: Call) -> dict[str, Any]:
    _, tagged = find_tagged(call, call.input["resourceArn"])
    return {"tags": tagged["tags"]}


@operation("apigateway", "GetAccount")
def get_account(call: Call) -> dict[str, Any]:
    record = call.records.get(ACCOUNT, call.caller.account, call.caller.region, "account")
    return {**_ACCOUNT, **(record.document if record else {})}


@operation("apigateway", "UpdateAccount")
def update_account(call: Call) -> dict[str, Any]:
    """The role for logs is kept; logs are written without it."""
    place = ACCOUNT, call.caller.account, call.caller.region, "account"
    with call.records.transaction():
        record = call.records.get(*place)
        if record is None:
            record = call.records.create(*place, {}, now=call.clock.now())
        rules: dict[str, patches.Rule] = {"/cloudwatchRoleArn": patches.text}
        patches.apply(record.document, call.input.get("patchOperations"), rules)
        own.save(call, record)
    return dict(_ACCOUNT | record.document)


def change_tags(call: Call, arn: str, more: dict[str, str], less: list[str]) -> None:
    """Raises NotFoundException, BadRequestException."""
    with call.records.transaction():
        record, tagged = find_tagged(call, arn)
        tags = {**tagged["tags"], **more}
        tagged["tags"] = {key: value for key, value in tags.items() if key not in less}
        if len(tagged["tags"]) > _MOST:
            raise BadRequestException(f"A resource has at most {_MOST} tags.")
        own.save(call, record)


def find_tagged(call: Call, arn: str) -> tuple[Record, dict[str, Any]]:
    """The record that an ARN names, and the part of its document that has the tags."""
    found = _ARN.fullmatch(arn)
    kind = _KINDS.get(found.group(1)) if found else None
    if found is None or kind is None:
        raise BadRequestException(f"Invalid resource ARN specified: {arn}")
    record = call.records.get(kind, call.caller.account, call.caller.region, found.group(2))
    tagged = record.document if record else None
    if tagged is not None and found.group(3):
        tagged = tagged["stages"].get(found.group(3))
    if record is None or tagged is None:
        raise NotFoundException("Invalid resource ARN specified in the request")
    return record, tagged
