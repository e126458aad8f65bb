"""Errors as bytes in the dialects that AWS clients and those of a registry of images read, without
a service model.

The edge answers with these before a request reaches control; what control answers is written
by `argosy.wire`. It refuses to render anything but errors.
"""

import json
from enum import Enum
from typing import Any
from xml.sax.saxutils import escape

UNAUTHORIZED = "UNAUTHORIZED"


class Dialect(Enum):
    """How a client wants to be told: by the service and form of its request."""

    JSON = "json"
    """JSON 1.x: X-Amz-Target (sagemaker, logs, events, …)."""
    REST_JSON = "rest-json"
    """Paths and JSON bodies (sagemaker-runtime, lambda)."""
    QUERY = "query"
    """Forms and XML (sts, iam, sns)."""
    EC2 = "ec2"
    """Forms and XML of another shape."""
    S3 = "s3"
    CBOR = "cbor"
    """Smithy's RPC v2: /service/…/operation/… (monitoring)."""
    OCI = "oci"
    """The distribution protocol of the OCI (docker, podman, skopeo)."""
    DOOR = "door"
    """APIs of API Gateway and URLs of functions."""


_CONTENT_TYPES = {
    Dialect.JSON: "application/x-amz-json-1.1",
    Dialect.REST_JSON: "application/json",
    Dialect.QUERY: "text/xml",
    Dialect.EC2: "text/xml",
    Dialect.S3: "application/xml",
    Dialect.CBOR: "application/cbor",
    Dialect.OCI: "application/json",
    Dialect.DOOR: "application/json",
}

# Docker's clients ask without credentials first, and read here that they are to send some.
_CHALLENGES = {
    UNAUTHORIZED: {"WWW-Authenticate": 'Basic realm="argosy",service="ecr.amazonaws.com"'}
}


def dialect_of(service: str, method: str, path: str, target: str | None) -> Dialect:
    """The dialect of a request, told without knowing the service's model.

    `service` is the one in the credential scope, "" when there is none; `target` is the
    X-Amz-Target header.
    """
    if service == "s3":
        return Dialect.S3
    if service == "ec2":
        return Dialect.EC2
    if target is not None:
        return Dialect.JSON
    if path.startswith("/service/") and "/operation/" in path:
        return Dialect.CBOR
    if path == "/" and method == "POST":
        return Dialect.QUERY
    return Dialect.REST_JSON


def render_error(
    dialect: Dialect,
    status: int,
    code: str,
    message: str,
    request_id: str,
    members: dict[str, Any] | None = None,
) -> tuple[dict[str, str], bytes]:
    """Headers and body of an error; `members` become further fields of the body."""
    headers = {"Content-Type": _CONTENT_TYPES[dialect], "x-amzn-RequestId": request_id}
    members = members or {}
    if dialect is Dialect.JSON:
        return headers, json.dumps({"__type": code, "message": message, **members}).encode()
    if dialect is Dialect.CBOR:
        headers["smithy-protocol"] = "rpc-v2-cbor"
        return headers, _cbor({"__type": code, "message": message})
    if dialect is Dialect.REST_JSON:
        headers["x-amzn-ErrorType"] = code
        return headers, json.dumps({"Message": message, **members}).encode()
    if dialect is Dialect.DOOR:
        headers["x-amzn-ErrorType"] = code
        return headers, json.dumps({"message": message}, separators=(",", ":")).encode()
    if dialect is Dialect.OCI:
        return headers | _CHALLENGES.get(code, {}), _oci_json(code, message, members)
    if dialect is Dialect.QUERY:
        return headers, _query_xml(status, code, message, request_id)
    if dialect is Dialect.EC2:
        return headers, _ec2_xml(code, message, request_id)
    headers["x-amz-request-id"] = request_id
    return headers, _s3_xml(code, message, request_id, members)


def _cbor(texts: dict[str, str]) -> bytes:
    """A map of a few texts, as RFC 8949 writes it."""
    strings = [text.encode() for pair in texts.items() for text in pair]
    pieces = [b"\x7a" + len(one).to_bytes(4, "big") + one for one in strings]
    return bytes([0xA0 | len(texts)]) + b"".join(pieces)


def _query_xml(status: int, code: str, message: str, request_id: str) -> bytes:
    fault = "Sender" if status < 500 else "Receiver"
    return (
        f"<ErrorResponse><Error><Type>{fault}</Type><Code>{_text(code)}</Code>"
        f"<Message>{_text(message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def _ec2_xml(code: str, message: str, request_id: str) -> bytes:
    return (
        f"<Response><Errors><Error><Code>{_text(code)}</Code><Message>{_text(message)}</Message>"
        f"</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    ).encode()


def _oci_json(code: str, message: str, members: dict[str, Any]) -> bytes:
    error = {"code": code, "message": message, **({"detail": members} if members else {})}
    return json.dumps({"errors": [error]}).encode()


def _s3_xml(code: str, message: str, request_id: str, members: dict[str, Any]) -> bytes:
    further = "".join(f"<{name}>{_text(str(value))}</{name}>" for name, value in members.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{_text(code)}</Code><Message>{_text(message)}</Message>{further}"
        f"<RequestId>{request_id}</RequestId></Error>"
    ).encode()


def _text(value: str) -> str:
    """Escaped, and without the characters that XML 1.0 has no way to write."""
    return escape("".join(c if c >= " " or c in "\t\n\r" else "?" for c in value))
