"""The HTTP API that a call names, and its parts, to read or to change."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from argosy.services.apigateway.errors import BadRequestException
from argosy.services.apigateway.finding import find_api_of
from argosy.services.apigateway.kinds import Document, Kind
from argosy.services.apigatewayv2.forms import shown, stored
from argosy.services.registry import Call
from argosy.state.apis import HTTP_API, HTTP_DEPLOYMENT, deploy, deployment_name, deployments
from argosy.state.records import Record

_MOST = 500
_USUAL = 100

ROUTE = Kind("routes", "RouteId", "Route identifier")
INTEGRATION = Kind("integrations", "IntegrationId", "Integration identifier")
AUTHORIZER = Kind("authorizers", "AuthorizerId", "Authorizer identifier")
STAGE = Kind("stages", "StageName", "stage identifier")


def find_api(call: Call) -> Record:
    """Raises NotFoundException."""
    return find_api_of(call, HTTP_API, call.input["ApiId"])


def reading(call: Call) -> Document:
    """The API's document. Raises NotFoundException."""
    return find_api(call).document


@contextmanager
def changing(call: Call) -> Iterator[Document]:
    """The API's document; as it is left, so it is written, and deployed where a stage deploys by
    itself. Raises NotFoundException."""
    with call.records.transaction():
        record = find_api(call)
        yield record.document
        write(call, record)


def write(call: Call, record: Record) -> None:
    """Write the API; stages that deploy by themselves serve it as it is now."""
    now = call.clock.now()
    stages = [one for one in record.document["stages"].values() if one.get("autoDeploy")]
    if stages and record.document["routes"]:
        number = deploy(call.records, record, now, "Automatic deployment", automatic=True)
        before = {stage.get("deploymentId") for stage in stages}
        for stage in stages:
            stage["deploymentId"] = number
        call.records.update(record, now=now, document=record.document)
        _clear(call, record, before)
        return
    call.records.update(record, now=now, document=record.document)


def asked(call: Call) -> dict[str, Any]:
    """What the call says of the thing itself, as documents have it."""
    given = {name: value for name, value in call.input.items() if name != "ApiId"}
    return stored(given)


@contextmanager
def updating(call: Call, kind: Kind) -> Iterator[tuple[Document, Document]]:
    """The API's document and the part that the call names, with what the call says of it; what is
    wrong with it now is for the caller to see. Raises NotFoundException."""
    with changing(call) as api:
        part = kind.named(call, api)
        part.update(asked(call))
        yield api, part


def page(call: Call, found: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """One page of things, in the order of their keys; NextToken is the last key given."""
    try:
        limit = int(call.input.get("MaxResults") or _USUAL)
    except ValueError:
        raise BadRequestException("MaxResults is not a number") from None
    if not 0 < limit <= _MOST:
        raise BadRequestException(f"MaxResults must be between 1 and {_MOST}")
    after = call.input.get("NextToken") or ""
    left = sorted((one for one in found if one[0] > after), key=lambda one: one[0])
    more = {"NextToken": left[limit - 1][0]} if len(left) > limit else {}
    return {"Items": [shown(one) for _, one in left[:limit]], **more}


def _clear(call: Call, record: Record, before: set[str | None]) -> None:
    """Automatic deployments that no stage serves any more."""
    used = {stage.get("deploymentId") for stage in record.document["stages"].values()}
    for one in deployments(call.records, record):
        number = one.document["id"]
        if number in before - used and one.document.get("automatic"):
            name = deployment_name(record.name, number)
            call.records.delete(HTTP_DEPLOYMENT, record.account, record.region, name)
