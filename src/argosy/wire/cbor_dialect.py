"""Smithy RPC v2 CBOR: POST /service/…/operation/…, with a body of CBOR both ways.

What services call themselves in the path differs between clients (the name in Smithy's model, or
the target prefix of JSON), so only the operation's name is looked at: the signature has named the
service already.
"""

from collections.abc import Mapping
from typing import Any

from botocore.model import OperationModel

from argosy.ground.errors import (
    ApiError,
    SerializationException,
    UnknownOperationException,
)
from argosy.wire import cbor, cbor_values
from argosy.wire.base import (
    REQUEST_ID_HEADER,
    Dialect,
    Match,
    error_document,
    tell_query_code,
)
from argosy.wire.http import HttpRequest, HttpResponse
from argosy.wire.scalars import refuse
from argosy.wire.service import Service

_CONTENT_TYPE = "application/cbor"
_PROTOCOL = {"smithy-protocol": "rpc-v2-cbor"}


class CborDialect(Dialect):
    """Errors come as in JSON: `__type` and the message."""

    def find(self, service: Service, request: HttpRequest) -> Match:
        parts = request.path.split("/")
        name = parts[-1]
        if len(parts) < 5 or parts[-4] != "service" or parts[-2] != "operation":
            raise UnknownOperationException(
                f"{service.name} is asked at /service/NAME/operation/NAME."
            )
        if request.method != "POST" or name not in service.operation_names:
            raise UnknownOperationException(f"{service.name} has no operation {name[:128]!r}.")
        return Match(name)

    def parse(
        self, operation: OperationModel, request: HttpRequest, uri: Mapping[str, str]
    ) -> dict[str, Any]:
        if not request.body:
            return {}
        given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given != _CONTENT_TYPE:
            raise SerializationException(f"The Content-Type must be {_CONTENT_TYPE}.")
        document = cbor_values.loads(request.body)
        if not isinstance(document, dict):
            raise refuse("a map as the body", "")
        if operation.input_shape is None:
            return {}
        result: dict[str, Any] = cbor_values.READER.read(operation.input_shape, document)
        return result

    def serialize(
        self, operation: OperationModel, result: Mapping[str, Any], request_id: str
    ) -> HttpResponse:
        shape = operation.output_shape
        if shape is None:
            return HttpResponse(200, {REQUEST_ID_HEADER: request_id, **_PROTOCOL})
        return _response(200, cbor_values.WRITER.write(shape, result), request_id)

    def serialize_error(
        self, service: Service | None, error: ApiError, request_id: str
    ) -> HttpResponse:
        document = error_document(service, error, cbor_values.WRITER)
        response = _response(error.status, document, request_id)
        tell_query_code(response, service, error)
        return response


def _response(status: int, document: Any, request_id: str) -> HttpResponse:
    headers = {REQUEST_ID_HEADER: request_id, "Content-Type": _CONTENT_TYPE, **_PROTOCOL}
    return HttpResponse(status, headers, cbor.dumps(document))
