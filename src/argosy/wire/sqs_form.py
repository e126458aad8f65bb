"""SQS as it was spoken before its JSON protocol: forms in, XML out.

Older SDKs speak it, and so do integrations of API Gateway (`Action=SendMessage&MessageBody=…`).
Botocore's model no longer has the names of that protocol: they are put into a copy of it here.
Where a form has no QueueUrl, the path says which queue is meant. Source: Amazon SQS Developer
Guide, "Making Query API requests using AWS query protocol".
"""

import copy
import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from botocore.loaders import Loader
from botocore.model import OperationModel

from argosy.ground.errors import ApiError
from argosy.wire import xml_values
from argosy.wire.http import HttpRequest, HttpResponse
from argosy.wire.query_dialect import QueryDialect, respond, root_of
from argosy.wire.service import Service, without_prose

_NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"
_ITEMS = {
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "StringList": "StringListValue",
    "BinaryList": "BinaryListValue",
}
"""What the items of lists are called; of all others as the list, without "List"."""
_ENTRIES = {
    "QueueAttributeMap": ("Attribute", "Name"),
    "MessageSystemAttributeMap": ("Attribute", "Name"),
    "MessageBodyAttributeMap": ("MessageAttribute", "Name"),
    "MessageBodySystemAttributeMap": ("MessageSystemAttribute", "Name"),
    "TagMap": ("Tag", "Key"),
}
"""What the entries of maps are called, and what their keys are."""


class SqsFormDialect(QueryDialect):
    """The query protocol by SQS's old names."""

    def parse(
        self, operation: OperationModel, request: HttpRequest, uri: Mapping[str, str]
    ) -> dict[str, Any]:
        given = super().parse(_old().operation(operation.name), request, uri)
        shape = operation.input_shape
        if shape is not None and "QueueUrl" in shape.members and "QueueUrl" not in given:
            given["QueueUrl"] = f"http://{request.headers.get('host', '')}{request.path}"
        return given

    def serialize(
        self, operation: OperationModel, result: Mapping[str, Any], request_id: str
    ) -> HttpResponse:
        return super().serialize(_old().operation(operation.name), result, request_id)

    def serialize_error(
        self, service: Service | None, error: ApiError, request_id: str
    ) -> HttpResponse:
        root = root_of(_old().metadata, "ErrorResponse")
        inner = SubElement(root, "Error")
        fault = "Sender" if error.sender_fault else "Receiver"
        told = {"Type": fault, "Code": error.query_code, "Message": error.message}
        for name, text in {**told, "Detail": ""}.items():
            xml_values.text_element(inner, name, text)
        xml_values.text_element(root, "RequestId", request_id)
        return respond(error.status, root, request_id)


class SqsFormJsonDialect(SqsFormDialect):
    """The same, answered in JSON, as those get it who accept that: {"SendMessageResponse": …}."""

    def serialize(
        self, operation: OperationModel, result: Mapping[str, Any], request_id: str
    ) -> HttpResponse:
        answer = super().serialize(operation, result, request_id)
        return _as_json(answer, {f"{operation.name}Response": _plain(_root(answer))})

    def serialize_error(
        self, service: Service | None, error: ApiError, request_id: str
    ) -> HttpResponse:
        answer = super().serialize_error(service, error, request_id)
        return _as_json(answer, _plain(_root(answer)))


def _root(answer: HttpResponse) -> Element:
    return xml_values.loads(answer.body)


def _as_json(answer: HttpResponse, document: Any) -> HttpResponse:
    headers = {**answer.headers, "Content-Type": "application/json"}
    return HttpResponse(answer.status, headers, json.dumps(document).encode())


def _plain(element: Element) -> Any:
    """Text, or what lies below by name; what comes more than once is a list."""
    if not len(element):
        return element.text
    found: dict[str, Any] = {}
    for child in element:
        found.setdefault(xml_values.local(child.tag), []).append(_plain(child))
    return {name: several if len(several) > 1 else several[0] for name, several in found.items()}


@cache
def _old() -> Service:
    """The service by its old names."""
    document = copy.deepcopy(Loader().load_service_model("sqs", "service-2"))
    document["metadata"] |= {"protocol": "query", "protocols": ["query"]}
    document["metadata"]["xmlNamespace"] = _NAMESPACE
    for name, operation in document["operations"].items():
        if "output" in operation:
            operation["output"]["resultWrapper"] = f"{name}Result"
    for name, shape in document["shapes"].items():
        _rename(name, shape)
    return Service("sqs", without_prose(document))


def _rename(name: str, shape: dict[str, Any]) -> None:
    if shape["type"] == "list":
        shape["member"]["locationName"] = _ITEMS.get(name, name.removesuffix("List"))
    elif name in _ENTRIES:
        shape["key"]["locationName"] = _ENTRIES[name][1]
        shape["value"]["locationName"] = "Value"
    for member in (shape.get("members") or {}).values():
        if member["shape"] in _ENTRIES:
            member["locationName"] = _ENTRIES[member["shape"]][0]
