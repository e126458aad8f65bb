"""JSON 1.0 and 1.1: everything is POST /, the operation stands in X-Amz-Target."""

from collections.abc import Mapping
from typing import Any

from botocore.model import OperationModel

from argosy.ground.errors import (
    ApiError,
    SerializationException,
    UnknownOperationException,
)
from argosy.wire import json_values
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

_CONTENT_TYPES = ("application/x-amz-json-1.1", "application/x-amz-json-1.0", "application/json")


class JsonDialect(Dialect):
    """`__type` and `message` are how errors come."""

    def find(self, service: Service, request: HttpRequest) -> Match:
        target = request.headers.get("x-amz-target", "")
        name = target.rpartition(".")[2]
        if target != f"{service.metadata['targetPrefix']}.{name}" or (
            name not in service.operation_names
        ):
            shown = f"{target[:128]!r} in X-Amz-Target" if target else "without X-Amz-Target"
            raise UnknownOperationException(f"{service.name} has no operation {shown}.")
        return Match(name)

    def parse(
        self, operation: OperationModel, request: HttpRequest, uri: Mapping[str, str]
    ) -> dict[str, Any]:
        _check_content_type(request)
        document = json_values.loads(request.body) if request.body.strip() else {}
        if not isinstance(document, dict):
            raise refuse("a JSON object as the body", "")
        if operation.input_shape is None:
            return {}
        result: dict[str, Any] = json_values.READER.read(operation.input_shape, document)
        return result

    def serialize(
        self, operation: OperationModel, result: Mapping[str, Any], request_id: str
    ) -> HttpResponse:
        shape = operation.output_shape
        document = json_values.WRITER.write(shape, result) if shape else {}
        version = operation.service_model.metadata.get("jsonVersion", "1.1")
        return _response(200, document, version, request_id)

    def serialize_error(
        self, service: Service | None, error: ApiError, request_id: str
    ) -> HttpResponse:
        document = error_document(service, error, json_values.WRITER)
        version = service.metadata.get("jsonVersion", "1.1") if service else "1.1"
        response = _response(error.status, document, version, request_id)
        tell_query_code(response, service, error)
        return response


def _check_content_type(request: HttpRequest) -> None:
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() not in _CONTENT_TYPES:
        raise SerializationException(f"The Content-Type must be {_CONTENT_TYPES[0]}.")


def _response(status: int, document: Any, version: str, request_id: str) -> HttpResponse:
    headers = {
        REQUEST_ID_HEADER: request_id,
        "Content-Type": f"application/x-amz-json-{version}",
    }
    return HttpResponse(status, headers, json_values.dumps(document))
