"""The REST API that a call names, and its parts, to read or to change."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from argosy.services.apigateway.errors import BadRequestException, NotFoundException
from argosy.services.registry import Call
from argosy.state.apis import REST_API
from argosy.state.records import Record

_MOST = 500

UNKNOWN_API = "Invalid API identifier specified {}:{}"


def find_api(call: Call) -> Record:
    """Raises NotFoundException."""
    name = call.input["restApiId"]
    record = call.records.get(REST_API, call.caller.account, call.caller.region, name)
    if record is None:
        raise NotFoundException(UNKNOWN_API.format(call.caller.account, name))
    return record


def reading(call: Call) -> dict[str, Any]:
    """The API's document. Raises NotFoundException."""
    return find_api(call).document


@contextmanager
def changing(call: Call) -> Iterator[dict[str, Any]]:
    """The API's document; as it is left, so it is written. Raises NotFoundException."""
    with call.records.transaction():
        record = find_api(call)
        yield record.document
        call.records.update(record, now=call.clock.now(), document=record.document)


def resource_of(call: Call, api: dict[str, Any]) -> dict[str, Any]:
    """The resource that the call names. Raises NotFoundException."""
    found: dict[str, Any] | None = api["resources"].get(call.input["resourceId"])
    if found is None:
        raise NotFoundException("Invalid Resource identifier specified")
    return found


def method_of(call: Call, api: dict[str, Any]) -> dict[str, Any]:
    """The method that the call names. Raises NotFoundException."""
    methods = resource_of(call, api)["resourceMethods"]
    found: dict[str, Any] | None = methods.get(call.input["httpMethod"])
    if found is None:
        raise NotFoundException("Invalid Method identifier specified")
    return found


def integration_of(call: Call, api: dict[str, Any]) -> dict[str, Any]:
    """The integration of the method that the call names. Raises NotFoundException."""
    found: dict[str, Any] | None = method_of(call, api).get("methodIntegration")
    if found is None:
        raise NotFoundException("Invalid Integration identifier specified")
    return found


def part_of(parts: Mapping[str, Any], name: str, what: str) -> dict[str, Any]:
    """A part by its key. Raises NotFoundException."""
    found: dict[str, Any] | None = parts.get(name)
    if found is None:
        raise NotFoundException(f"Invalid {what} specified")
    return found


def page(call: Call, found: Mapping[str, Any], usual: int = 25) -> dict[str, Any]:
    """One page of things by their keys, in the order of those; `position` is the last key given."""
    limit = call.input.get("limit") or usual
    if not 0 < limit <= _MOST:
        raise BadRequestException(f"limit must be between 1 and {_MOST}")
    after = call.input.get("position") or ""
    keys = sorted(key for key in found if key > after)
    shown = keys[:limit]
    more = {"position": shown[-1]} if len(keys) > len(shown) else {}
    return {"items": [found[key] for key in shown], **more}
