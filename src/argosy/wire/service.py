"""Services as botocore describes them: loaded on first use, kept for good, without their prose."""

from functools import cache
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

# A service may speak several; botocore clients that know JSON or REST use it. First come first.
PROTOCOLS = ("json", "rest-json", "rest-xml", "query", "ec2", "smithy-rpc-v2-cbor")

_PROSE = ("documentation", "documentationUrl")


class UnknownService(Exception):
    """Botocore has no such service, or it speaks no protocol that this package knows."""


class Service:
    """One service: its model, and the protocols Argosy speaks for it.

    `protocol` is the one of a request that does not look like any other.

    `document` is the content of botocore's service-2.json; raises UnknownService when none of
    its protocols is known here.
    """

    def __init__(self, name: str, document: dict[str, Any]) -> None:
        self.name = name
        self.model = ServiceModel(document, name)
        self.metadata: dict[str, Any] = self.model.metadata
        self.protocols = _protocols(name, self.metadata)
        self.protocol = self.protocols[0]
        self.operation_names: frozenset[str] = frozenset(self.model.operation_names)
        self.compresses = any(
            "requestcompression" in one for one in document.get("operations", {}).values()
        )

    def operation(self, name: str) -> OperationModel:
        """Raises botocore's OperationNotFoundError when there is none."""
        return self.model.operation_model(name)


@cache
def load(name: str) -> Service:
    """The service botocore calls `name` ("sagemaker", "iam", …); raises UnknownService."""
    try:
        document = Loader().load_service_model(name, "service-2")
    except UnknownServiceError:
        raise UnknownService(name) from None
    return Service(name, without_prose(document))


def without_prose(value: Any) -> Any:
    """The same JSON without documentation: it is most of a model's bytes and never read here."""
    if isinstance(value, dict):
        return {
            key: without_prose(item)
            for key, item in value.items()
            if not (key in _PROSE and isinstance(item, str))
        }
    if isinstance(value, list):
        return [without_prose(item) for item in value]
    return value


def _protocols(name: str, metadata: dict[str, Any]) -> tuple[str, ...]:
    offered = metadata.get("protocols") or [metadata["protocol"]]
    known = tuple(protocol for protocol in PROTOCOLS if protocol in offered)
    if not known:
        raise UnknownService(f"{name} speaks {', '.join(offered)}")
    return known
