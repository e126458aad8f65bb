"""What control is told of a request that is over, and what the data log says of it. Pure."""

import base64
from dataclasses import dataclass, field
from typing import Any

MOST_IN_NOTICE = 128 * 1024
"""Bytes of a response that a notice may hold (reference/async-and-batch.md A1)."""

_TEXT = ("text/", "application/json", "application/jsonlines", "application/xml")


@dataclass
class Times:
    """Microseconds; 0 for what did not come to pass."""

    download_us: int = 0
    """Until the payload was with the model."""
    model_us: int = 0
    """From then until its answer began."""
    upload_us: int = 0
    """From then until the answer was in the store."""


@dataclass(frozen=True)
class Outcome:
    """How a request ended."""

    good: bool
    content_type: str = ""
    reason: str = ""
    """One sentence for the notice, if it is not good."""
    text: bytes = b""
    """What the failure object holds."""
    kind: str = ""
    """What failed: "download", "invocation" or "upload"."""
    status: int = 0
    """What the model answered with, if it did."""
    response: bytes | None = None
    """The answer, where it is small enough for a notice that shall hold it."""
    times: Times = field(default_factory=Times)


def done(number: str, outcome: Outcome) -> dict[str, Any]:
    """The message to control."""
    told: dict[str, Any] = {
        "id": number,
        "ok": outcome.good,
        "times": vars(outcome.times),
        "content_type": outcome.content_type,
    }
    if not outcome.good:
        told |= {"reason": outcome.reason, "kind": outcome.kind}
    if outcome.status:
        told["status"] = outcome.status
    if outcome.response is not None:
        told["response"] = _body(outcome.response, outcome.content_type)
    return {"done": told}


def _body(content: bytes, content_type: str) -> dict[str, str]:
    if content_type.startswith(_TEXT):
        try:
            return {"content": content.decode(), "encoding": "UTF-8"}
        except UnicodeDecodeError:
            pass
    return {"content": base64.b64encode(content).decode("ascii"), "encoding": "BASE64"}


def line(order: dict[str, Any], outcome: Outcome, now: float, begun: float) -> str:
    """The data log's line. `begun`: when this instance began with it, epoch seconds as `now`."""
    times, received = outcome.times, float(order.get("received") or begun)
    how = "succeeded." if outcome.good else f"failed: {outcome.reason}"
    return (
        f"[{order['inference_id']}] Inference request {how} "
        f"ModelLatency: {times.model_us} us, RequestDownloadLatency: {times.download_us} us, "
        f"ResponseUploadLatency: {times.upload_us} us, "
        f"TimeInBacklog: {max(0, begun - received) * 1000:.0f} ms, "
        f"TotalProcessingTime: {max(0, now - received) * 1000:.0f} ms"
    )
