"""API keys: what clients send as x-api-key."""

import re
from typing import Any

from argosy.services.apigateway import own, patches
from argosy.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
)
from argosy.services.apigateway.finding import page
from argosy.services.registry import Call, operation
from argosy.state.apis import API_KEY, USAGE_PLAN, new_id
from argosy.state.records import Record

_VALUE = re.compile(r"[\x21-\x7e]{20,128}")
_RULES: dict[str, patches.Rule] = {
    "/name": patches.text,
    "/description": patches.text,
    "/enabled": patches.boolean,
    "/customerId": patches.text,
}


@operation("apigateway", "CreateApiKey")
def create_api_key(call: Call) -> dict[str, Any]:
    asked = call.input
    if asked.get("stageKeys"):
        raise BadRequestException("Put stages into a usage plan: stageKeys are of old.")
    value = asked.get("value") or new_id(40)
    if not _VALUE.fullmatch(value):
        raise BadRequestException("API Key value should be at least 20 characters")
    document: dict[str, Any] = {
        "id": new_id(),
        "value": value,
        "name": asked.get("name"),
        "description": asked.get("description"),
        "customerId": asked.get("customerId"),
        "enabled": bool(asked.get("enabled")),
        "stageKeys": [],
        "tags": asked.get("tags") or {},
    }
    with call.records.transaction():
        if any(one.document["value"] == value for one in own.find_all(call, API_KEY)):
            raise ConflictException("API Key already exists")
        return view(own.create(call, API_KEY, document["id"], document), True)


@operation("apigateway", "GetApiKey")
def get_api_key(call: Call) -> dict[str, Any]:
    return view(find_key(call, call.input["apiKey"]), bool(call.input.get("includeValue")))


@operation("apigateway", "GetApiKeys")
def get_api_keys(call: Call) -> dict[str, Any]:
    """By the beginning of their names, where one is given."""
    wanted, customer = call.input.get("nameQuery") or "", call.input.get("customerId")
    values = bool(call.input.get("includeValues"))
    found = {
        one.name: view(one, values)
        for one in own.find_all(call, API_KEY)
        if (one.document["name"] or "").startswith(wanted)
        and customer in (None, one.document["customerId"])
    }
    return page(call, found)


@operation("apigateway", "UpdateApiKey")
def update_api_key(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        record = find_key(call, call.input["apiKey"])
        patches.apply(record.document, call.input.get("patchOperations"), _RULES)
        changed = own.save(call, record)
    return view(changed, False)


@operation("apigateway", "DeleteApiKey")
def delete_api_key(call: Call) -> dict[str, Any]:
    """Plans forget it, too."""
    with call.records.transaction():
        record = find_key(call, call.input["apiKey"])
        call.records.delete(API_KEY, record.account, record.region, record.name)
        for plan in own.find_all(call, USAGE_PLAN):
            if record.name in plan.document["keys"]:
                plan.document["keys"].remove(record.name)
                own.save(call, plan)
    return {}


def find_key(call: Call, name: str) -> Record:
    """Raises NotFoundException."""
    return own.find(call, API_KEY, name, "Invalid API Key identifier specified")


def view(record: Record, value: bool) -> dict[str, Any]:
    """The key as it is shown; its value only where that was asked for."""
    shown = {
        **record.document,
        "createdDate": int(record.created),
        "lastUpdatedDate": int(record.modified),
    }
    return shown if value else {**shown, "value": None}
