"""The ec2 protocol: the query protocol with names, lists and answers of its own.

In a form every list is flat, and a member is called by its `queryName`, or by its name with a
capital; answers and errors have no wrapper. EC2 alone speaks it.
"""

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import SubElement

from botocore.model import ListShape, OperationModel, Shape, StructureShape

from argosy.ground.errors import ApiError
from argosy.wire import form, xml_values
from argosy.wire.base import error_shape, message_member
from argosy.wire.form import FormReader, Node
from argosy.wire.http import HttpRequest, HttpResponse
from argosy.wire.query_dialect import QueryDialect, fields, respond, root_of
from argosy.wire.service import Service


class Ec2FormReader(FormReader):
    """Form → Python, by EC2's names."""

    def _structure(self, shape: StructureShape, node: Node, path: str) -> dict[str, Any]:
        result = {}
        for name, member in shape.members.items():
            called = _called(member, name)
            below = node.below.get(called) or node.below.get(name)
            if below is not None:
                result[name] = self.read(member, below, f"{path}.{name}" if path else name)
        return result

    def _list(self, shape: ListShape, node: Node, path: str) -> list[Any]:
        return [
            self.read(shape.member, item, f"{path}.{place}")
            for place, item in enumerate(node.numbered(), 1)
        ]


class Ec2Dialect(QueryDialect):
    """Answers are <OpResponse><requestId>… with the members beside it."""

    def parse(
        self, operation: OperationModel, request: HttpRequest, uri: Mapping[str, str]
    ) -> dict[str, Any]:
        if operation.input_shape is None:
            return {}
        result: dict[str, Any] = READER.read(operation.input_shape, form.tree(fields(request)))
        return result

    def serialize(
        self, operation: OperationModel, result: Mapping[str, Any], request_id: str
    ) -> HttpResponse:
        root = root_of(operation.service_model.metadata, f"{operation.name}Response")
        xml_values.text_element(root, "requestId", request_id)
        if operation.output_shape is not None:
            xml_values.WRITER.members(root, operation.output_shape, result)
        return respond(200, root, request_id)

    def serialize_error(
        self, service: Service | None, error: ApiError, request_id: str
    ) -> HttpResponse:
        root = root_of({}, "Response")
        inner = SubElement(SubElement(root, "Errors"), "Error")
        xml_values.text_element(inner, "Code", error.code)
        xml_values.text_element(inner, "Message", error.message)
        shape = error_shape(service, error)
        if shape is not None:
            further = {**error.members, message_member(shape): None}
            xml_values.WRITER.members(inner, shape, further)
        xml_values.text_element(root, "RequestID", request_id)
        return respond(error.status, root, request_id)


def _called(member: Shape, name: str) -> str:
    """What a member is called in a form; botocore has those without a name as they are."""
    given = member.serialization.get("queryName")
    if given:
        return str(given)
    written = str(member.serialization.get("name", name))
    return written[:1].upper() + written[1:]


READER = Ec2FormReader()
