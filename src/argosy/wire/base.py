"""What a dialect does: find the operation, read the input, write the output or the error."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.model import OperationModel, Shape

from argosy.ground.errors import ApiError
from argosy.wire.http import HttpRequest, HttpResponse
from argosy.wire.service import Service

REQUEST_ID_HEADER = "x-amzn-RequestId"


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


def goes_in_head(member: Shape) -> bool:
    """Whether an answer carries the member outside its body; "uri" and "querystring" mean
    nothing in an answer."""
    return member.serialization.get("location") in ("header", "headers", "statusCode")


def wire_name(shape: Shape, name: str) -> str:
    """What a member is called on the wire."""
    return str(shape.serialization.get("name", name))
