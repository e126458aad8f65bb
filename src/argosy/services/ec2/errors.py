"""EC2's errors, whose codes have dots in them."""

from collections.abc import Iterable
from typing import Any

from argosy.ground.errors import ApiError, MissingParameter
from argosy.services.registry import Call


class Ec2Error(ApiError):
    """An error of this code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self._code = code

    @property
    def code(self) -> str:
        return self._code


class DryRunOperation(ApiError):
    """The request would have succeeded, but DryRun is set."""

    status = 412


def end_of_dry_run(call: Call) -> None:
    """To be called when nothing else can be wrong; raises DryRunOperation if that was asked."""
    if call.input.get("DryRun"):
        raise DryRunOperation("Request would have succeeded, but DryRun flag is set.")


def refuse_others(asked: dict[str, Any], known: Iterable[str]) -> None:
    """Raise for members that would be accepted and then ignored."""
    for name, value in asked.items():
        if name not in known and value not in (None, [], {}, False, ""):
            raise Ec2Error("UnsupportedOperation", f"This platform does not support {name}.")


def invalid(message: str) -> Ec2Error:
    return Ec2Error("InvalidParameterValue", message)


def missing(parameter: str) -> MissingParameter:
    return MissingParameter(f"The request must contain the parameter {parameter}")
