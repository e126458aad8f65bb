"""The query protocol: a form with Action and Version, answered in XML."""

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from botocore.model import OperationModel

from argosy.ground.errors import (
    ApiError,
    SerializationException,
    UnknownOperationException,
)
from argosy.wire import form, xml_values
from argosy.wire.base import REQUEST_ID_HEADER, Dialect, Match, error_shape, message_member
from argosy.wire.http import HttpRequest, HttpResponse
from argosy.wire.service import Service

_FORM = "application/x-www-form-urlencoded"


class QueryDialect(Dialect):
    """Answers are wrapped: <OpResponse><OpResult>…</OpResult><ResponseMetadata>…."""

    def find(self, service: Service, request: HttpRequest) -> Match:
        given = fields(request)
        action = given.get("Action", "")
        if action not in service.operation_names:
            shown = f"{action[:128]!r} in Action" if action else "without Action"
            raise UnknownOperationException(f"{service.name} has no operation {shown}.")
        version = given.get("Version", service.model.api_version)
        if version != service.model.api_version:
            raise UnknownOperationException(
                f"{service.name} has no operation {action} in version {version[:32]!r}."
            )
        return Match(action)

    def parse(
        self, operation: OperationModel, request: HttpRequest, uri: Mapping[str, str]
    ) -> dict[str, Any]:
        if operation.input_shape is None:
            return {}
        root = form.tree(fields(request))
        result: dict[str, Any] = form.READER.read(operation.input_shape, root)
        return result

    def serialize(
        self, operation: OperationModel, result: Mapping[str, Any], request_id: str
    ) -> HttpResponse:
        root = root_of(operation.service_model.metadata, f"{operation.name}Response")
        shape = operation.output_shape
        if shape is not None:
            wrapper = shape.serialization.get("resultWrapper")
            xml_values.WRITER.members(SubElement(root, wrapper) if wrapper else root, shape, result)
        metadata = SubElement(root, "ResponseMetadata")
        xml_values.text_element(metadata, "RequestId", request_id)
        return respond(200, root, request_id)

    def serialize_error(
        self, service: Service | None, error: ApiError, request_id: str
    ) -> HttpResponse:
        root = root_of(service.metadata if service else {}, "ErrorResponse")
        inner = SubElement(root, "Error")
        fault = "Sender" if error.sender_fault else "Receiver"
        xml_values.text_element(inner, "Type", fault)
        xml_values.text_element(inner, "Code", error.code)
        xml_values.text_element(inner, "Message", error.message)
        shape = error_shape(service, error)
        if shape is not None:
            further = {**error.members, message_member(shape): None}
            xml_values.WRITER.members(inner, shape, further)
        xml_values.text_element(root, "RequestId", request_id)
        return respond(error.status, root, request_id)


def fields(request: HttpRequest) -> dict[str, str]:
    """The form's fields: of the query string and, in a POST, of the body."""
    if request.method == "GET":
        return form.fields(request.query)
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != _FORM:
        raise SerializationException(f"The Content-Type must be {_FORM}.")
    try:
        return form.fields(request.query, request.body.decode("ascii"))
    except UnicodeDecodeError:
        raise SerializationException("The body is not a valid URL-encoded form.") from None


def root_of(metadata: Mapping[str, Any], name: str) -> Element:
    """An answer's outermost element, in the service's namespace."""
    root = Element(name)
    if metadata.get("xmlNamespace"):
        root.set("xmlns", metadata["xmlNamespace"])
    return root


def respond(status: int, root: Element, request_id: str) -> HttpResponse:
    """An answer of this document."""
    headers = {REQUEST_ID_HEADER: request_id, "Content-Type": "text/xml"}
    return HttpResponse(status, headers, xml_values.dumps(root))
