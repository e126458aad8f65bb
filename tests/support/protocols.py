"""boto3 clients that speak another protocol than boto3 would choose, of services with several."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import botocore.model

JSON, QUERY, CBOR = "json", "query", "smithy-rpc-v2-cbor"


@contextmanager
def speaking(protocol: str) -> Iterator[None]:
    """Clients that are made within speak it, if their service does."""
    order = (protocol, JSON, QUERY, CBOR)
    with mock.patch.object(botocore.model, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", order):
        yield


def client_of(make: Callable[[str], Any], service: str, protocol: str) -> Any:
    """A client made by `make(service)`; asserts that it speaks the protocol."""
    with speaking(protocol):
        client = make(service)
        assert client.meta.service_model.resolved_protocol == protocol
    return client
