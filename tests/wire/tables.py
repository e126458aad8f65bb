"""Reads botocore's protocol tables as services, requests and values of Argosy's wire package."""

import base64
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argosy.wire import HttpRequest, Service

PROTOCOLS = [
    "json",
    "json_1_0",
    "json_1_0-query-compatible",
    "query",
    "ec2",
    "rest-json",
    "rest-xml",
    "smithy-rpc-v2-cbor",
    "smithy-rpc-v2-cbor-query-compatible",
    "smithy-rpc-v2-cbor-non-query-compatible",
]
CBOR = "smithy-rpc-v2-cbor"


@dataclass
class Case:
    """One row of a table, with the service it speaks of."""

    id: str
    service: Service
    operation: str
    row: dict[str, Any]


def cases(path: Path) -> Iterator[Case]:
    for suite in json.loads(path.read_text()):
        for number, row in enumerate(suite["cases"]):
            given = row["given"]
            if suite["metadata"]["protocol"] == "query" and "output" in given:
                given["output"]["resultWrapper"] = given["name"] + "Result"
            document = {
                "metadata": {
                    "serviceId": "tables",
                    "endpointPrefix": "tables",
                    **suite["metadata"],
                },
                "operations": {given["name"]: given},
                "shapes": {**suite["shapes"]},
            }
            yield Case(
                row.get("id") or f"{given['name']}_{number}",
                Service("tables", document),
                given["name"],
                row,
            )


def request_of(case: Case) -> HttpRequest:
    """The request as a server sees it; the tables leave out headers they do not look at."""
    serialized = case.row["serialized"]
    path, _, query = serialized["uri"].partition("?")
    headers = {name.lower(): text for name, text in serialized.get("headers", {}).items()}
    if case.service.protocol == "json":
        headers.setdefault("content-type", "application/x-amz-json-1.1")
        target = f"{case.service.metadata['targetPrefix']}.{case.operation}"
        headers.setdefault("x-amz-target", target)
    if case.service.protocol in ("query", "ec2"):
        headers.setdefault("content-type", "application/x-www-form-urlencoded")
    body = body_of(case, serialized)
    return HttpRequest(serialized.get("method", "POST"), path, query, headers, body)


def body_of(case: Case, row: dict[str, Any]) -> bytes:
    """The bytes of a body; the tables write CBOR in base64."""
    text = row.get("body", "")
    return base64.b64decode(text) if case.service.protocol == CBOR else text.encode()


def python_value(shape: Any, value: Any) -> Any:
    """A value of a table as boto3 users write it: datetimes, bytes, floats."""
    if value is None:
        return None
    kind = shape.type_name
    if kind == "structure" and not shape.is_document_type:
        return {
            name: python_value(shape.members[name], one)
            for name, one in value.items()
            if one is not None and name in shape.members
        }
    if kind == "list":
        return [python_value(shape.member, one) for one in value]
    if kind == "map":
        return {key: python_value(shape.value, one) for key, one in value.items()}
    if kind == "timestamp":
        return datetime.fromtimestamp(value, UTC)
    if kind == "blob":
        return value.encode()
    if kind == "string" and shape.serialization.get("jsonvalue") and isinstance(value, str):
        return json.loads(value)
    if kind in ("float", "double"):
        return float(value)
    return value


def same(left: Any, right: Any) -> bool:
    """Equality under which NaN is itself."""
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)
