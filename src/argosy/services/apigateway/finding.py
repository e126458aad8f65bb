"""The REST API that a call names, and its parts, to read or to change."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from argosy.services.apigateway import own, patches
from argosy.services.apigateway.errors import BadRequestException, NotFoundException
from argosy.services.apigateway.kinds import Document, Kind, part_of
from argosy.services.registry import Call
from argosy.state.apis import REST_API, deployed
from argosy.state.records import Record

_MOST = 500

RESOURCE = Kind("resources", "resourceId", "Resource identifier")
METHOD = Kind("resourceMethods", "httpMethod", "Method identifier", RESOURCE.named)
METHOD_RESPONSE = Kind("methodResponses", "statusCode", "Response status code", METHOD.named)


def integration_of(call: Call, api: Document) -> Document:
    """The integration of the method that the call names. Raises NotFoundException."""
    return part_of(METHOD.named(call, api), "methodIntegration", "Integration identifier")


INTEGRATION_RESPONSE = Kind(
    "integrationResponses", "statusCode", "Response status code", integration_of
)
MODEL = Kind("models", "modelName", "Model identifier")
VALIDATOR = Kind("validators", "requestValidatorId", "Request Validator identifier")
AUTHORIZER = Kind("authorizers", "authorizerId", "Authorizer identifier")
STAGE = Kind("stages", "stageName", "stage identifier")


def find_api_of(call: Call, kind: str, name: str) -> Record:
    """Raises NotFoundException."""
    unknown = f"Invalid API identifier specified {call.caller.account}:{name}"
    return own.find(call, kind, name, unknown)


def find_api(call: Call) -> Record:
    """Raises NotFoundException."""
    return find_api_of(call, REST_API, call.input["restApiId"])


def find_deployment(call: Call, api: Record, number: str) -> Record:
    """Raises NotFoundException."""
    found = deployed(call.records, api, number)
    if found is None:
        raise NotFoundException("Invalid Deployment identifier specified")
    return found


def reading(call: Call) -> Document:
    """The API's document. Raises NotFoundException."""
    return find_api(call).document


@contextmanager
def changing(call: Call) -> Iterator[Document]:
    """The API's document; as it is left, so it is written. Raises NotFoundException."""
    with call.records.transaction():
        record = find_api(call)
        yield record.document
        own.save(call, record)


@contextmanager
def patching(
    call: Call,
    find: Callable[[Call, Document], Document],
    rules: Mapping[str, patches.Rule],
) -> Iterator[tuple[Document, Document]]:
    """The API's document and the part that is found in it, patched; what is wrong with it now is
    for the caller to see. Raises NotFoundException, BadRequestException."""
    with changing(call) as api:
        part = find(call, api)
        patches.apply(part, call.input.get("patchOperations"), rules)
        yield api, part


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
