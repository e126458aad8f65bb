"""REST-XML: REST with XML bodies. S3 writes its errors bare, other services wrap them."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from botocore.model import OperationModel, Shape

from argosy.ground.errors import ApiError
from argosy.wire import bindings, xml_values
from argosy.wire.base import REQUEST_ID_HEADER, error_shape, message_member
from argosy.wire.http import HttpResponse
from argosy.wire.rest_dialect import RestDialect
from argosy.wire.service import Service

_BARE_ERRORS = frozenset({"s3", "s3control"})


class RestXmlDialect(RestDialect):
    """XML documents."""

    content_type = "application/xml"

    def read_document(self, shape: Shape, body: bytes) -> Any:
        return xml_values.READER.read(shape, [xml_values.loads(body)])

    def write_document(self, shape: Shape, value: Any, operation: OperationModel) -> bytes:
        name = shape.serialization.get("name", shape.name)
        root = xml_values.element(None, shape, name)
        namespace = operation.service_model.metadata.get("xmlNamespace")
        if namespace and "xmlns" not in root.attrib:
            root.set("xmlns", namespace)
        xml_values.WRITER.members(root, shape, value)
        return xml_values.dumps(root)

    def without_document(self) -> bytes:
        return b""

    def serialize_error(
        self, service: Service | None, error: ApiError, request_id: str
    ) -> HttpResponse:
        headers = {REQUEST_ID_HEADER: request_id, "Content-Type": self.content_type}
        bare = service is not None and service.name in _BARE_ERRORS
        root = Element("Error" if bare else "ErrorResponse")
        inner = root if bare else SubElement(root, "Error")
        if not bare:
            fault = "Sender" if error.sender_fault else "Receiver"
            xml_values.text_element(inner, "Type", fault)
        xml_values.text_element(inner, "Code", error.code)
        xml_values.text_element(inner, "Message", error.message)
        shape = error_shape(service, error)
        if shape is not None:
            headers.update(bindings.write(shape, error.members)[0])
            further = {**error.members, message_member(shape): None}
            xml_values.WRITER.members(inner, shape, further)
        xml_values.text_element(root, "RequestId", request_id)
        return HttpResponse(error.status, headers, xml_values.dumps(root))
