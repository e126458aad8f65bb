"""What a dialect does: find the operation, read the input, write the output or the error."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.model import OperationModel, Shape

from argosy.ground.errors import ApiError
from argosy.wire.http import HttpRequest, HttpResponse
from argosy.wire.service import Service

REQUEST_ID_HEADER = "x-amzn-RequestId"


class Writer(Protocol):
    """What puts values of a shape into a dialect's own form."""

    def write(self, shape: Shape, value: Any) -> Any: ...


@dataclass(frozen=True)
class Match:
    """The operation a request asks for, and what its path said (REST only), decoded."""

    operation: str
    uri: Mapping[str, str] = field(default_factory=dict)


class Dialect(ABC):
    """One protocol. Stateless: everything comes as an argument."""

    @abstractmethod
    def find(self, service: Service, request: HttpRequest) -> Match:
        """Raises UnknownOperationException, or SerializationException when it cannot be told."""

    @abstractmethod
    def parse(
        self, operation: OperationModel, request: HttpRequest, uri: Mapping[str, str]
    ) -> dict[str, Any]:
        """The input in botocore's Python values; raises SerializationException."""

    @abstractmethod
    def serialize(
        self, operation: OperationModel, result: Mapping[str, Any], request_id: str
    ) -> HttpResponse:
        """The answer to a call that succeeded."""

    @abstractmethod
    def serialize_error(
        self, service: Service | None, error: ApiError, request_id: str
    ) -> HttpResponse:
        """The answer to a call that failed; `service` is None when even that is unknown."""


def error_shape(service: Service | None, error: ApiError) -> Shape | None:
    """How the service's model describes this error, if it does."""
    return service.model.shape_for_error_code(error.code) if service else None


def message_member(shape: Shape | None) -> str:
    """What the model calls the error's text: "message", or "Message" in some."""
    names = shape.members if shape is not None else ()
    return next((name for name in names if name.lower() == "message"), "message")


def error_document(service: Service | None, error: ApiError, writer: Writer) -> dict[str, Any]:
    """An error as JSON and CBOR have it: `__type`, the message, and the model's other members."""
    shape = error_shape(service, error)
    members = writer.write(shape, error.members) if shape else error.members
    return {
        "__type": shape.name if shape else error.code,
        message_member(shape): error.message,
        **members,
    }


def tell_query_code(response: HttpResponse, service: Service | None, error: ApiError) -> None:
    """Say the code that clients of a service's old query protocol know, where it had one."""
    if service and service.model.is_query_compatible:
        fault = "Sender" if error.sender_fault else "Receiver"
        response.headers["x-amzn-query-error"] = f"{error.query_code};{fault}"


def goes_in_head(member: Shape) -> bool:
    """Whether an answer carries the member outside its body; "uri" and "querystring" mean
    nothing in an answer."""
    return member.serialization.get("location") in ("header", "headers", "statusCode")


def wire_name(shape: Shape, name: str) -> str:
    """What a member is called on the wire."""
    return str(shape.serialization.get("name", name))
