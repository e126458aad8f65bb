"""REST-JSON: REST with JSON bodies; errors say their code in a header."""

from typing import Any

from botocore.model import OperationModel, Shape, StructureShape

from argosy.ground.errors import ApiError
from argosy.wire import bindings, json_values
from argosy.wire.base import REQUEST_ID_HEADER, error_shape, message_member, wire_name
from argosy.wire.http import HttpResponse
from argosy.wire.rest_dialect import RestDialect, answer_members, body_members
from argosy.wire.scalars import refuse
from argosy.wire.service import Service


class RestJsonDialect(RestDialect):
    """JSON documents."""

    content_type = "application/json"

    def read_document(self, shape: Shape, body: bytes) -> Any:
        document = json_values.loads(body)
        if shape.type_name == "structure" and not shape.is_document_type:
            if not isinstance(document, dict):
                raise refuse("a JSON object as the body", "")
            document = _only_body(shape, document)
        return json_values.READER.read(shape, document)

    def write_document(self, shape: Shape, value: Any, operation: OperationModel) -> bytes:
        if shape.type_name == "structure" and not shape.is_document_type:
            value = {name: value.get(name) for name in answer_members(shape)}
        return json_values.dumps(json_values.WRITER.write(shape, value))

    def without_document(self) -> bytes:
        return b"{}"

    def serialize_error(
        self, service: Service | None, error: ApiError, request_id: str
    ) -> HttpResponse:
        headers = {
            REQUEST_ID_HEADER: request_id,
            "Content-Type": self.content_type,
            "x-amzn-ErrorType": error.code,
        }
        members: dict[str, Any] = error.members
        shape = error_shape(service, error)
        if shape is not None:
            headers.update(bindings.write(shape, members)[0])
            members = json_values.WRITER.write(
                shape, {name: members.get(name) for name in answer_members(shape)}
            )
        body = json_values.dumps({message_member(shape): error.message, **members})
        return HttpResponse(error.status, headers, body)


def _only_body(shape: StructureShape, document: dict[str, Any]) -> dict[str, Any]:
    """The document without members that belong elsewhere: a body cannot overrule the path."""
    here = {wire_name(shape.members[name], name) for name in body_members(shape)}
    elsewhere = {wire_name(member, name) for name, member in shape.members.items()} - here
    return {name: value for name, value in document.items() if name not in elsewhere}
