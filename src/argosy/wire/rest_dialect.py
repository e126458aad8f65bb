"""What REST-JSON and REST-XML share: the request line, the headers, and the payload member."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from botocore.model import OperationModel, Shape, StructureShape

from argosy.wire import bindings, scalars, uris
from argosy.wire.base import REQUEST_ID_HEADER, Dialect, Match, goes_in_head
from argosy.wire.http import HttpRequest, HttpResponse
from argosy.wire.service import Service

_NO_CONTENT = 204


class RestDialect(Dialect):
    """A concrete one says how a document is read and written."""

    content_type: str

    @abstractmethod
    def read_document(self, shape: Shape, body: bytes) -> Any:
        """The value that a non-empty body holds; raises SerializationException."""

    @abstractmethod
    def write_document(self, shape: Shape, value: Any, operation: OperationModel) -> bytes:
        """The body that holds the value."""

    @abstractmethod
    def without_document(self) -> bytes:
        """The body of an answer that has an output shape but nothing in its body."""

    def find(self, service: Service, request: HttpRequest) -> Match:
        return uris.find(service, request)

    def parse(
        self, operation: OperationModel, request: HttpRequest, uri: Mapping[str, str]
    ) -> dict[str, Any]:
        shape = operation.input_shape
        if shape is None:
            return {}
        result = bindings.read(shape, request, uri)
        payload = shape.serialization.get("payload")
        if payload is not None:
            result.update(self._read_payload(payload, shape.members[payload], request.body))
        elif body_members(shape) and request.body.strip():
            result.update(self.read_document(shape, request.body))
        return result

    def serialize(
        self, operation: OperationModel, result: Mapping[str, Any], request_id: str
    ) -> HttpResponse:
        status = int(operation.http.get("responseCode", 200))
        headers = {REQUEST_ID_HEADER: request_id}
        shape = operation.output_shape
        if shape is None:
            return HttpResponse(status, headers)
        told, told_status = bindings.write(shape, result)
        status = told_status or status
        content_type, body = self._write_body(operation, shape, result)
        if status == _NO_CONTENT:
            content_type, body = "", b""
        if content_type:
            headers["Content-Type"] = content_type
        headers.update(told)
        return HttpResponse(status, headers, body)

    def _read_payload(self, name: str, member: Shape, body: bytes) -> dict[str, Any]:
        if not body:
            return {}
        if member.type_name == "blob":
            return {name: body}
        if member.type_name == "string":
            return {name: scalars.clean(body.decode("utf-8", "surrogateescape"), name)}
        return {name: self.read_document(member, body)}

    def _write_body(
        self, operation: OperationModel, shape: StructureShape, result: Mapping[str, Any]
    ) -> tuple[str, bytes]:
        """Content type and body."""
        payload = shape.serialization.get("payload")
        if payload is None:
            if not answer_members(shape):
                return self.content_type, self.without_document()
            return self.content_type, self.write_document(shape, result, operation)
        member, value = shape.members[payload], result.get(payload)
        if value is None:
            return "", b""
        if member.type_name == "blob":
            return "application/octet-stream", value.encode() if isinstance(value, str) else value
        if member.type_name == "string":
            return "text/plain", str(value).encode()
        return self.content_type, self.write_document(member, value, operation)


def body_members(shape: StructureShape) -> list[str]:
    """Names of an input's members that live in the body."""
    return [
        name for name, member in shape.members.items() if not member.serialization.get("location")
    ]


def answer_members(shape: StructureShape) -> list[str]:
    """Names of an output's members that live in the body."""
    return [name for name, member in shape.members.items() if not goes_in_head(member)]
