"""What a target may be, and what it may be given. Pure.

A target that this platform cannot deliver to is refused when it is put, with the reason.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from argosy.ground import json_path
from argosy.ground.errors import ValidationException
from argosy.ground.input_templates import OWN, is_json, is_lines, placeholders, takes_text

_ARN = re.compile(r"arn:aws[a-z-]*:([a-z0-9-]+):([a-z0-9-]*):([0-9]*):(.+)", re.DOTALL)
_OFFERED = {
    "lambda": re.compile(r"function:.+"),
    "sqs": re.compile(r"[A-Za-z0-9_.-]+"),
    "sns": re.compile(r"[A-Za-z0-9_.-]+"),
    "events": re.compile(r"event-bus/.+"),
    "logs": re.compile(r"log-group:.+"),
    "sagemaker": re.compile(r"pipeline/.+"),
}
_REASONS = {
    "states": "there are no Step Functions here; use a SageMaker pipeline or a function",
    "kinesis": "there are no streams here",
    "firehose": "there are no delivery streams here",
    "ecs": "there is no ECS here; use a training or processing job",
    "batch": "there is no AWS Batch here; use a training or processing job",
    "execute-api": "an API cannot be a target here; use the function behind it",
    "redshift": "there is no Redshift here",
    "ssm": "there is no Systems Manager here",
}
_GIVEN = ("Input", "InputPath", "InputTransformer")
_FOREIGN = (
    "KinesisParameters",
    "RunCommandParameters",
    "EcsParameters",
    "BatchParameters",
    "HttpParameters",
    "RedshiftDataParameters",
    "AppSyncParameters",
)
_MOST_PATHS = 100
_QUEUE = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+")


def reason(arn: str) -> str:
    """Why an ARN of such a service is no target."""
    service = (arn.split(":", 3) + [""] * 3)[2]
    if service in _OFFERED:
        return f"it is not the ARN of what can be a target of {service}"
    return _REASONS.get(service, f"{service[:64] or 'it'} is no kind of target here")


def refusal(target: Mapping[str, Any], account: str) -> str:
    """Why the platform has nothing that such a target could be; "" if it has."""
    found = _ARN.fullmatch(target["Arn"])
    if found is None:
        return "Provided Arn is not in correct format."
    offered = _OFFERED.get(found[1])
    if offered is None or not offered.fullmatch(found[4]):
        return f"{target['Arn'][:256]} is not supported: {reason(target['Arn'])}."
    if found[1] == "events" and found[3] != account:
        return f"{target['Arn'][:256]} is not supported: buses of other accounts are not offered."
    foreign = next((name for name in _FOREIGN if target.get(name)), "")
    return f"{foreign} is not supported." if foreign else ""


def check(target: Mapping[str, Any]) -> None:
    """Raises ValidationException for a target that says what cannot be."""
    name = target["Id"]
    given = [member for member in _GIVEN if target.get(member) is not None]
    if len(given) > 1:
        raise ValidationException(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
        )
    if target.get("Input") is not None and not _parses(target["Input"]):
        raise ValidationException(f"JSON syntax error in input for target {name}")
    if target.get("InputPath") is not None:
        _check_path(target["InputPath"], f"InputPath for target {name}")
    if target.get("InputTransformer") is not None:
        _check_transformer(target["InputTransformer"], name, target["Arn"])
    letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    if letters and not _QUEUE.fullmatch(letters):
        raise ValidationException(
            f"DeadLetterConfig of target {name}: {letters[:256]} is not a standard queue."
        )
    _check_kind(target)


def _check_kind(target: Mapping[str, Any]) -> None:
    kind, fifo = target["Arn"].split(":")[2], target["Arn"].endswith(".fifo")
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    if kind == "sqs" and fifo and not group:
        raise ValidationException(
            f"Parameter(s) SqsParameters.MessageGroupId must be specified for target: "
            f"{target['Id']}."
        )
    if group and kind != "sqs":
        raise ValidationException(f"SqsParameters is not for target {target['Id']}.")
    if kind == "sns" and fifo:
        raise ValidationException("A FIFO topic cannot be a target.")
    if kind == "events" and any(target.get(member) is not None for member in _GIVEN):
        raise ValidationException("An event bus is given the event as it is.")


def _check_transformer(transformer: Mapping[str, Any], name: str, arn: str) -> None:
    paths = transformer.get("InputPathsMap") or {}
    if len(paths) > _MOST_PATHS:
        raise ValidationException(f"InputPathsMap of target {name} has more than 100 paths.")
    for key, path in paths.items():
        if key.lower().startswith("aws"):
            raise ValidationException(f"InputPathsMap: {key} is reserved: it begins with AWS.")
        _check_path(path, f"InputPathsMap {key} of target {name}")
    template = transformer["InputTemplate"]
    unknown = placeholders(template) - set(paths) - OWN
    if unknown:
        raise ValidationException(
            f"InputTemplate for target {name} contains invalid placeholder {min(unknown)}."
        )
    if not is_json(template) and not (takes_text(arn) and is_lines(template)):
        raise ValidationException(
            f"Invalid InputTemplate for target {name} : it is neither JSON nor a quoted string."
        )


def _check_path(path: str, where: str) -> None:
    try:
        json_path.parse(path)
    except json_path.BadPath as error:
        raise ValidationException(f"{where} is invalid: {error}") from None


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
