"""InvokeEndpointAsync: from a request's members to what control keeps in the queue, and the answer.

Where the answer will lie is decided here and told at once; nothing is asked of the store, so that a
missing input is a failed inference and no refusal. Refused are inputs at https URLs: only S3 is
read. Rules: reference/async-and-batch.md A2, and the constraints of the runtime's own model.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from argosy.edge import texts
from argosy.edge.request import Request
from argosy.edge.table import Endpoint
from argosy.ground.errors import ValidationError
from argosy.ground.names import new_request_id
from argosy.ground.routes import AsyncEntry

MAX_BODY = 128_000
DEFAULT_TTL_S = 21_600
DEFAULT_TIMEOUT_S = 900

_HEADER = "x-amzn-sagemaker-"
_PLACE = re.compile(r"(https|s3)://([^/]+)/?(.*)", re.DOTALL)
_EXTENSION = re.compile(r"(?!s3:|https:)[a-zA-Z0-9!_.*'()/-]+")
_FILENAME = re.compile(r"(?!.*\..*\.)[a-zA-Z0-9][a-zA-Z0-9-_.]*")
_INFERENCE_ID = re.compile(r"[!-~][ -~]*")

Check = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Submission:
    """One accepted request, as it is handed to control, and what its client is told."""

    queue: str
    id: str
    ttl_s: int
    document: str
    """JSON: what is needed to carry it out (see `argosy.state.async_requests`)."""
    body: bytes | None
    inference_id: str
    output: str
    failure: str


def submission(request: Request, endpoint: Endpoint, entry: AsyncEntry) -> Submission:
    """The request as it shall be kept. Raises ValidationError."""
    body = _body(request)
    number = token_hex(16)
    inference_id = _text(request, "inference-id", "inferenceId", 64, _INFERENCE_ID)
    output, failure = _places(request, entry, number)
    fields = {
        "endpoint": endpoint.name,
        "input": _input(request, body),
        "content_type": _text(request, "content-type", "contentType", 1024),
        "accept": _text(request, "accept", "accept", 1024),
        "custom_attributes": _text(request, "custom-attributes", "customAttributes", 1024),
        "inference_id": inference_id or new_request_id(),
        "timeout_s": _seconds(
            request, "invocationtimeoutseconds", "invocationTimeoutSeconds", 1, 3600
        )
        or DEFAULT_TIMEOUT_S,
        "output": output,
        "failure": failure,
        "named": request.header(_HEADER + "filename") is not None,
    }
    ttl_s = _seconds(request, "requestttlseconds", "requestTTLSeconds", 60, 21_600)
    return Submission(
        queue=entry["queue"],
        id=number,
        ttl_s=ttl_s or DEFAULT_TTL_S,
        document=json.dumps({name: value for name, value in fields.items() if value}),
        body=body,
        inference_id=str(fields["inference_id"]),
        output=output,
        failure=failure,
    )


def _body(request: Request) -> bytes | None:
    """The inline payload; None when there is none."""
    if request.size > MAX_BODY:
        raise ValidationError(texts.body_too_large(MAX_BODY))
    if not request.size:
        return None
    return request.parts[0] if len(request.parts) == 1 else b"".join(request.parts)


def _input(request: Request, body: bytes | None) -> str:
    place = _text(request, "inputlocation", "inputLocation", 1024, _PLACE)
    if place and body is not None:
        raise ValidationError("Give InputLocation or Body, not both.")
    if not place and body is None:
        raise ValidationError("Give InputLocation, or a Body of 128,000 bytes at most.")
    if place.startswith("https://"):
        raise ValidationError(
            f"InputLocation {place}: inputs are read from S3 only. Give s3://bucket/key."
        )
    if place and not place.removeprefix("s3://").partition("/")[2]:
        raise ValidationError(f"InputLocation {place} should be s3://bucket/key.")
    return place


def _places(request: Request, entry: AsyncEntry, number: str) -> tuple[str, str]:
    """Where the answer, and where the failure would lie."""
    extension = _text(
        request, "s3outputpathextension", "s3OutputPathExtension", 512, _EXTENSION
    ).strip("/")
    filename = _text(request, "filename", "filename", 32, _FILENAME)
    middle = f"/{extension}/" if extension else "/"
    output = f"{entry['output'].rstrip('/')}{middle}{filename or number + '.out'}"
    if not entry["failure"]:
        return output, ""
    stem = filename.rpartition(".")[0] or filename or number
    return output, f"{entry['failure'].rstrip('/')}{middle}{stem}-error.out"


def _text(
    request: Request, header: str, member: str, longest: int, form: re.Pattern[str] | None = None
) -> str:
    """A member's value, "" when it is left out. Raises ValidationError."""
    value = request.header(_HEADER + header)
    if value is None:
        return ""
    text = value.decode("latin-1")
    if len(text) > longest:
        raise ValidationError(
            texts.constraint(member, f"have length less than or equal to {longest}")
        )
    if form is not None and not form.fullmatch(text):
        raise ValidationError(
            texts.constraint(member, f"satisfy regular expression pattern: {form.pattern}")
        )
    if not text.isascii():
        raise ValidationError(
            texts.constraint(member, r"satisfy regular expression pattern: \p{ASCII}*")
        )
    return text


def _seconds(request: Request, header: str, member: str, least: int, most: int) -> int:
    """A number of seconds, 0 when it is left out. Raises ValidationError."""
    value = request.header(_HEADER + header)
    if value is None:
        return 0
    if not value.isdigit() or len(value) > 9:
        raise ValidationError(texts.constraint(member, "be a whole number"))
    seconds = int(value)
    if seconds < least:
        raise ValidationError(
            texts.constraint(member, f"have value greater than or equal to {least}")
        )
    if seconds > most:
        raise ValidationError(texts.constraint(member, f"have value less than or equal to {most}"))
    return seconds


def answer(kept: Submission, stamp: bytes, number: int) -> bytes:
    """The whole 202. `stamp` and `number` are the gate's date and request id."""
    body = json.dumps({"InferenceId": kept.inference_id}).encode()
    failure = (
        b"X-Amzn-SageMaker-FailureLocation: %b\r\n" % kept.failure.encode("latin-1", "replace")
        if kept.failure
        else b""
    )
    return (
        b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"
        b"X-Amzn-SageMaker-OutputLocation: %b\r\n%b%b%012x\r\nContent-Length: %d\r\n\r\n%b"
        % (kept.output.encode("latin-1", "replace"), failure, stamp, number, len(body), body)
    )
