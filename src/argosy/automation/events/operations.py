"""Targets that are an operation of AWS, asked of this platform: pipelines, and Scheduler's own.

    arn:aws:sagemaker:…:pipeline/NAME                     StartPipelineExecution
    arn:aws:scheduler:::aws-sdk:SERVICE:operation         that one, with the target's Input

Such a target is asked outside of any transaction; after kill -9 it may be asked once more, which a
client token makes harmless where the operation has one, given in the Input or not.
"""

import json
import re
from typing import Any

from argosy import wire
from argosy.automation.events.failure import (
    ERROR_FROM_TARGET,
    INVALID_JSON,
    INVALID_PARAMETER,
    NO_RESOURCE,
    THROTTLING,
    Undeliverable,
)
from argosy.ground.errors import ApiError
from argosy.ground.operations import Asker
from argosy.ground.sdk_targets import sdk_target
from argosy.means import Means
from argosy.state.event_deliveries import EventDelivery

_PIPELINE = re.compile(r"arn:[^:]+:sagemaker:[^:]*:[^:]*:pipeline/(.+)")
_SESSION = "events"
_GONE = re.compile("NotFound|NoSuch|DoesNotExist|NonExistent")
_BUSY = re.compile("Throttling|TooManyRequests|LimitExceeded|InProgress|Conflict|Unavailable")


def is_asked(delivery: EventDelivery) -> bool:
    """Whether its target is an operation."""
    arn = str(delivery.target["Arn"])
    return sdk_target(arn) is not None or _PIPELINE.fullmatch(arn) is not None


async def ask(means: Means, delivery: EventDelivery) -> None:
    """Ask the target's operation. Raises Undeliverable."""
    service, operation, members = _asked(delivery)
    role = str(delivery.target.get("RoleArn") or f"arn:aws:iam::{delivery.account}:root")
    asker = Asker(delivery.account, delivery.region, role, _SESSION)
    try:
        await means.operations.call(service, operation, members, asker)
    except ApiError as error:
        raise _told(error) from None


def _asked(delivery: EventDelivery) -> tuple[str, str, dict[str, Any]]:
    arn = str(delivery.target["Arn"])
    pipeline = _PIPELINE.fullmatch(arn)
    if pipeline is None:
        named = sdk_target(arn)
        assert named is not None
        given = _as_given(*named, _members(delivery.body))
        return (*named, {**_tokens(*named, _token(delivery)), **given})
    parameters = delivery.target.get("SageMakerPipelineParameters") or {}
    listed = parameters.get("PipelineParameterList")
    members: dict[str, Any] = {
        "PipelineName": arn,  # names in ARNs are in lower case: only as an ARN it is found
        "ClientRequestToken": _token(delivery),
        **({"PipelineParameters": listed} if listed else {}),
    }
    return "sagemaker", "StartPipelineExecution", members


def _members(body: str) -> dict[str, Any]:
    try:
        members = json.loads(body or "{}")
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise Undeliverable(INVALID_JSON, "The target's Input is not a JSON object.")
    return members


def _token(delivery: EventDelivery) -> str:
    """The same for each attempt at a delivery; 64 letters at most, digits and hyphens."""
    return f"argosy-{delivery.created * 1e6:.0f}-{delivery.number:032d}"


def _tokens(service: str, operation: str, token: str) -> dict[str, str]:
    """What SDKs fill in where nothing is said: the members of an operation that tell a repeated
    request from a new one."""
    known = wire.load(service).operation_names
    named = wire.load(service).operation(operation).idempotent_members if operation in known else ()
    return dict.fromkeys(named, token)


def _as_given(service: str, operation: str, members: dict[str, Any]) -> dict[str, Any]:
    """A function's payload is the text, or the JSON, that stands in the Input; no base64."""
    payload = members.get("Payload")
    if (service, operation) != ("lambda", "Invoke") or payload is None:
        return members
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return {**members, "Payload": text.encode(errors="replace")}


def _told(error: ApiError) -> Undeliverable:
    text = f"{error.code}: {error.message}"
    if _GONE.search(error.code):
        return Undeliverable(NO_RESOURCE, text)
    if error.status == 429 or _BUSY.search(error.code):
        return Undeliverable(THROTTLING, text, again=True)
    if error.code in ("ValidationException", "ValidationError", "SerializationException"):
        return Undeliverable(INVALID_PARAMETER, text)
    return Undeliverable(ERROR_FROM_TARGET, text, again=error.status >= 500)
