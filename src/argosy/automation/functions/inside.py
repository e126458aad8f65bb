"""The environment variables of a function, as Lambda sets them. Pure.

Source: reference/automation.md §3; Lambda Developer Guide, "Defined runtime environment variables".
"""

from collections.abc import Mapping

from argosy.ground.functions import FunctionVersion

PATH = "/usr/local/bin:/usr/bin:/bin:/opt/bin"
LIBRARIES = "/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"

PYTHON_OPTIONS = ("PYTHON", "LD_", "AWS_LAMBDA_EXEC_WRAPPER", "LANG", "LC_", "GLIBC_", "MALLOC_")
"""Beginnings of names that a process heeds when it starts, not later."""

_KEPT_FROM_USERS = ("_HANDLER", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_RUNTIME_API")


def outer() -> dict[str, str]:
    """What a process has before it is any function's."""
    return {
        "PATH": PATH,
        "LD_LIBRARY_PATH": LIBRARIES,
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
    }


def environ(version: FunctionVersion, inside: Mapping[str, str], stream: str) -> dict[str, str]:
    """The variables of an environment of this version, whatever it is a package of.

    `inside`: keys, region and endpoint (`ground.inside`), which the function's own may replace;
    `stream`: its log stream.
    """
    own = {name: v for name, v in version.environment.items() if name not in _KEPT_FROM_USERS}
    return {
        "TZ": ":UTC",
        **inside,
        **own,
        "AWS_LAMBDA_FUNCTION_NAME": version.name,
        "AWS_LAMBDA_FUNCTION_VERSION": version.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(version.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group(version),
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        **_logging(version),
    }


def of_zip(version: FunctionVersion, *, task: str, runtime: str) -> dict[str, str]:
    """What is added where code and runtime lie in folders, `task` and `runtime`; images say such
    things themselves."""
    return {
        "_HANDLER": version.handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{version.runtime}",
        "LAMBDA_TASK_ROOT": task,
        "LAMBDA_RUNTIME_DIR": runtime,
    }


def log_group(version: FunctionVersion) -> str:
    return version.log_group or f"/aws/lambda/{version.name}"


def starts_warm(version: FunctionVersion) -> bool:
    """Whether a process that runs already can become an environment of this version."""
    return version.log_format != "JSON" and not any(
        name.startswith(PYTHON_OPTIONS) for name in version.environment
    )


def _logging(version: FunctionVersion) -> dict[str, str]:
    if version.log_format != "JSON":
        return {}
    level = {"AWS_LAMBDA_LOG_LEVEL": version.log_level} if version.log_level else {}
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", **level}
