"""Whole signed requests, caught as boto3 is about to send them.

wrk cannot sign, so requests are signed beforehand by boto3 itself: every header a real client
sends is there. A signature holds for 15 minutes; make the requests anew for each measurement.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from bench.http import post


def signed_invocation(runtime: Any, **parameters: Any) -> bytes:
    """The bytes of `runtime.invoke_endpoint(**parameters)`; nothing is sent."""
    return _caught(runtime, "InvokeEndpoint", runtime.invoke_endpoint, parameters)


def signed_function_call(client: Any, **parameters: Any) -> bytes:
    """The bytes of `client.invoke(**parameters)` of Lambda; nothing is sent."""
    return _caught(client, "Invoke", client.invoke, parameters)


def signed_async_invocation(runtime: Any, **parameters: Any) -> bytes:
    """The bytes of `runtime.invoke_endpoint_async(**parameters)`; nothing is sent."""
    return _caught(runtime, "InvokeEndpointAsync", runtime.invoke_endpoint_async, parameters)


def _caught(
    client: Any, operation: str, call: Callable[..., Any], parameters: dict[str, Any]
) -> bytes:
    caught: list[bytes] = []
    event = f"before-send.{client.meta.service_model.service_id.hyphenize()}.{operation}"

    def catch(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        caught.append(_on_the_wire(request))
        return AWSResponse(request.url, 200, {}, _NoBody())

    client.meta.events.register(event, catch)
    try:
        call(**parameters)
    finally:
        client.meta.events.unregister(event, catch)
    return caught[0]


def _on_the_wire(request: AWSPreparedRequest) -> bytes:
    place = urlsplit(request.url)
    path = place.path + (f"?{place.query}" if place.query else "")
    headers = {name: _text(value) for name, value in request.headers.items()}
    return post(request.url, path, _bytes(request.body), headers)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else bytes(body)


class _NoBody:
    """The stream of the answer that boto3 is given instead of sending."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        return iter(())
