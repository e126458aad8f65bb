"""What a topic is told of a request that is finished: the message of the publish, as JSON. Pure.

Form and names: reference/async-and-batch.md A4. Where the failure object lies is told as
`responseParameters.failureLocation`, which the service's own documents leave open.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from argosy.state.async_requests import AsyncRequest

_NOT_WRITTEN = ("upload", "expired")
"""Kinds of failures that leave no object."""


@dataclass(frozen=True)
class Result:
    """How a request ended. Times are in microseconds, 0 where there was no such step."""

    good: bool
    reason: str = ""
    """Why there is no answer."""
    kind: str = ""
    """What failed: "download", "invocation", "upload", "expired"."""
    status: int = 0
    """What the model answered with, if it did."""
    content_type: str = ""
    response: dict[str, str] | None = None
    """The answer for the notice: {"content", "encoding"}."""
    download_us: int = 0
    model_us: int = 0
    upload_us: int = 0


def place_of(request: AsyncRequest, result: Result) -> str:
    """The object that was written for a request, "" when none was."""
    if result.good:
        return str(request.document["output"])
    written = result.kind not in _NOT_WRITTEN
    return str(request.document.get("failure") or "") if written else ""


def notice(request: AsyncRequest, result: Result, region: str, now: float) -> str:
    """The message. `now`: when the request ended, epoch seconds."""
    asked = request.document
    parameters = {
        "contentType": asked.get("content_type"),
        "accept": asked.get("accept"),
        "endpointName": asked["endpoint"],
        "inputLocation": asked.get("input"),
    }
    answer: dict[str, Any] = {}
    if result.good:
        answer = {"contentType": result.content_type, "outputLocation": asked["output"]}
    elif asked.get("failure"):
        answer = {"failureLocation": asked["failure"]}
    told = {
        "awsRegion": region,
        "eventTime": _iso(now),
        "receivedTime": _iso(request.received),
        "invocationStatus": "Completed" if result.good else "Failed",
        "failureReason": result.reason,
        "requestParameters": {name: value for name, value in parameters.items() if value},
        "responseParameters": answer,
        "responseBody": result.response,
        "inferenceId": asked["inference_id"],
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    return json.dumps({name: value for name, value in told.items() if value}, ensure_ascii=False)


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
