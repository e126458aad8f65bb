"""What is checked of a function's configuration beyond botocore's model, and what is refused.

Limits: Lambda's quotas. What Argosy would have to ignore is refused with a sentence.
"""

import json
import platform
import re
from collections.abc import Mapping
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.lambda_.errors import InvalidParameterValueException

LONGEST_NAME = 64
MOST_ENVIRONMENT = 4096
MOST_LAYERS = 5
LONGEST_TIMEOUT = 900
MOST_MEMORY = 10_240
MOST_DISK = 10_240
PYTHONS = tuple(f"python3.{minor}" for minor in range(8, 15))
"""The first is what the SageMaker SDK's Lambda helper asks for unless it is told otherwise."""
PROVIDED = ("provided.al2", "provided.al2023")
_ENVIRONMENT_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""Variables that the environment of a function sets itself."""
_REFUSED = {
    "VpcConfig": "functions run in the network of this machine; leave VpcConfig out",
    "KMSKeyArn": "there is no KMS; leave KMSKeyArn out, and encrypt the data folder's disk",
    "FileSystemConfigs": "there is no EFS; leave FileSystemConfigs out",
    "CodeSigningConfigArn": "code is not signed; leave CodeSigningConfigArn out",
    "TenancyConfig": "environments are not kept apart by tenant; leave TenancyConfig out",
    "CapacityProviderConfig": "there are no capacity providers; leave it out",
    "DurableConfig": "executions are not durable; leave DurableConfig out",
    "AcceleratorConfig": "functions have no accelerators; leave AcceleratorConfig out",
    "RuntimeConfig": "runtimes have no aliases; leave RuntimeConfig out",
    "PublishTo": "versions are numbered; leave PublishTo out",
}


def check(asked: Mapping[str, Any]) -> None:
    """Raises what Lambda answers to members that it does not take, alone or together."""
    _refuse(asked)
    _check_numbers(asked)
    _check_runtime(asked.get("Runtime"))
    check_environment((asked.get("Environment") or {}).get("Variables") or {})
    if len(asked.get("Layers") or ()) > MOST_LAYERS:
        raise InvalidParameterValueException(f"Cannot reference more than {MOST_LAYERS} layers.")
    _check_logging(asked.get("LoggingConfig") or {})


def check_name(name: str) -> None:
    """Raises ValidationException for a function's name that is too long; the model bounds only
    what an ARN may have."""
    if len(name) > LONGEST_NAME:
        raise ValidationException(
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy "
            f"constraint: Member must have length less than or equal to {LONGEST_NAME}"
        )


def check_environment(variables: Mapping[str, str]) -> None:
    """Raises InvalidParameterValueException for reserved names and for more than 4 KB."""
    start = "Lambda was unable to configure your environment variables because the environment "
    reserved = sorted(RESERVED & variables.keys())
    if reserved:
        raise InvalidParameterValueException(
            f"{start}variables you have provided contains reserved keys that are currently not "
            f"supported for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    for name in variables:
        if not _ENVIRONMENT_NAME.fullmatch(name):
            raise ValidationException(
                f"1 validation error detected: Value {name[:64]!r} at 'environment.variables' "
                "failed to satisfy constraint: Map keys must satisfy constraint: [Member must "
                "satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]"
            )
    size = len(json.dumps(dict(variables), separators=(",", ":"), ensure_ascii=False).encode())
    if size > MOST_ENVIRONMENT:
        raise InvalidParameterValueException(
            f"{start}variables you have provided exceeded the 4KB limit."
        )


def _refuse(asked: Mapping[str, Any]) -> None:
    for name, why in _REFUSED.items():
        value = asked.get(name)
        if value and (not isinstance(value, dict) or any(value.values())):
            raise InvalidParameterValueException(f"{name} is not supported: {why}.")
    if (asked.get("SnapStart") or {}).get("ApplyOn") == "PublishedVersions":
        raise InvalidParameterValueException(
            "SnapStart is not supported: environments start from a process that is warm already."
        )
    if asked.get("Architectures") and asked["Architectures"] != [machine()]:
        raise InvalidParameterValueException(
            f"Architectures is {asked['Architectures']}; this machine runs {machine()}."
        )


def machine() -> str:
    """This machine's architecture as Lambda calls it."""
    return "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


def _check_numbers(asked: Mapping[str, Any]) -> None:
    disk = (asked.get("EphemeralStorage") or {}).get("Size")
    for name, value, most in (
        ("timeout", asked.get("Timeout"), LONGEST_TIMEOUT),
        ("memorySize", asked.get("MemorySize"), MOST_MEMORY),
        ("ephemeralStorage.size", disk, MOST_DISK),
    ):
        if value is not None and value > most:
            raise ValidationException(
                f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy "
                f"constraint: Member must have value less than or equal to {most}"
            )


def _check_runtime(runtime: str | None) -> None:
    if runtime and runtime not in (*PYTHONS, *PROVIDED):
        raise InvalidParameterValueException(
            f"Argosy does not run {runtime}. It runs {PYTHONS[0]} to {PYTHONS[-1]}, all by the "
            f"Python it has itself, and programs named bootstrap as {' or '.join(PROVIDED)}."
        )


def _check_logging(asked: Mapping[str, Any]) -> None:
    levels = asked.get("ApplicationLogLevel") or asked.get("SystemLogLevel")
    if levels and asked.get("LogFormat", "Text") != "JSON":
        raise InvalidParameterValueException(
            "Log levels are supported only where LogFormat is JSON."
        )
