"""The door of the package: each function picks the dialect of the request and has it work.

Most services speak one. Of those that speak several (CloudWatch), a request tells which it means:
by its smithy-protocol, by its X-Amz-Target, or by being a form.
"""

from collections.abc import Mapping
from typing import Any

from argosy.ground.errors import ApiError, SerializationException
from argosy.wire import compression
from argosy.wire.base import Dialect, Match
from argosy.wire.cbor_dialect import CborDialect
from argosy.wire.ec2_dialect import Ec2Dialect
from argosy.wire.http import HttpRequest, HttpResponse
from argosy.wire.json_dialect import JsonDialect
from argosy.wire.query_dialect import QueryDialect
from argosy.wire.rest_json import RestJsonDialect
from argosy.wire.rest_xml import RestXmlDialect
from argosy.wire.service import Service
from argosy.wire.sqs_form import SqsFormDialect, SqsFormJsonDialect

SQS_FORM = "sqs-form"
SQS_FORM_JSON = "sqs-form-json"
"""What SQS spoke before JSON, answered in XML or JSON; no model names it."""

DIALECTS: dict[str, Dialect] = {
    "json": JsonDialect(),
    "rest-json": RestJsonDialect(),
    "query": QueryDialect(),
    "ec2": Ec2Dialect(),
    "rest-xml": RestXmlDialect(),
    "smithy-rpc-v2-cbor": CborDialect(),
    SQS_FORM: SqsFormDialect(),
    SQS_FORM_JSON: SqsFormJsonDialect(),
}


def find_operation(service: Service, request: HttpRequest) -> Match:
    """Which operation the request asks for.

    Raises UnknownOperationException naming what was asked when the service has no such
    operation, SerializationException when the request is not of the service's protocol.
    """
    request = compression.plain(service, request)
    return DIALECTS[_spoken(service, request)].find(service, request)


def parse(service: Service, match: Match, request: HttpRequest) -> dict[str, Any]:
    """The input as a handler sees it: member names and Python values as boto3 users know them.

    Timestamps are aware datetimes, blobs bytes. Members the model does not know are left out,
    as AWS's JSON services do; null members count as absent. Raises SerializationException for
    everything that cannot be read: bad JSON or XML, wrong types, numbers out of their type.
    """
    operation = service.operation(match.operation)
    request = compression.plain(service, request)
    try:
        return DIALECTS[_spoken(service, request)].parse(operation, request, match.uri)
    except RecursionError:
        raise SerializationException("The body is nested too deeply.") from None


def serialize(
    service: Service,
    operation: str,
    result: Mapping[str, Any],
    request_id: str,
    request: HttpRequest | None = None,
) -> HttpResponse:
    """The answer to a call that succeeded, in the protocol of `request` or the service's first.

    `result` is projected on the operation's output shape: further members and None are left
    out. Timestamps may be aware datetimes or epoch seconds.
    """
    protocol = _spoken(service, request) if request else service.protocol
    return DIALECTS[protocol].serialize(service.operation(operation), result, request_id)


def serialize_error(
    service: Service | None, request: HttpRequest, error: ApiError, request_id: str
) -> HttpResponse:
    """The answer to a call that failed, in the protocol of the request.

    With `service` None the protocol is guessed from what the request looks like.
    """
    protocol = _spoken(service, request) if service else _guess(request)
    return DIALECTS[protocol].serialize_error(service, error, request_id)


def _spoken(service: Service, request: HttpRequest) -> str:
    """The protocol of the request, if the service speaks it; else the service's first."""
    if service.name == "sqs" and _guess(request) == "query":
        json = "application/json" in request.headers.get("accept", "")
        return SQS_FORM_JSON if json else SQS_FORM
    if len(service.protocols) == 1:
        return service.protocol
    guessed = _guess(request)
    return guessed if guessed in service.protocols else service.protocol


def _guess(request: HttpRequest) -> str:
    content_type = request.headers.get("content-type", "")
    if "smithy-protocol" in request.headers:
        return "smithy-rpc-v2-cbor"
    if "x-amz-target" in request.headers or content_type.startswith("application/x-amz-json"):
        return "json"
    asked = request.method == "GET" and "Action=" in request.query
    if asked or content_type.startswith("application/x-www-form-urlencoded"):
        return "query"
    return "rest-json"
