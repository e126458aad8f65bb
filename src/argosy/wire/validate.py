"""Validation of an input against botocore's model, before any handler runs.

Checked: required members, lengths, ranges, sizes of lists and maps, patterns, enums, null items.
Types were checked when the request was read. Members the model does not know never get here:
AWS's services ignore them, and so does Argosy. All that is wrong is told at once, in the words
of AWS's own services:

    1 validation error detected: Value 'a b' at 'endpointName' failed to satisfy constraint:
    Member must satisfy regular expression pattern: …

Values in messages are cut, and those that may be secrets are not shown at all.
"""

import math
from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from argosy.ground.errors import (
    ApiError,
    BadRequestException,
    InvalidArgument,
    InvalidParameter,
    InvalidParameterException,
    InvalidParameterValue,
    MissingParameter,
    ServiceValidationError,
    ValidationException,
)
from argosy.wire.patterns import matches
from argosy.wire.service import Service

_ERRORS: dict[str, type[ApiError]] = {
    "apigateway": BadRequestException,
    "apigatewayv2": BadRequestException,
    "cloudwatch": ServiceValidationError,
    "ec2": InvalidParameterValue,
    "iam": ServiceValidationError,
    "sts": ServiceValidationError,
    "logs": InvalidParameterException,
    "s3": InvalidArgument,
    "sns": InvalidParameter,
    "sqs": InvalidParameterValue,
}
_MOST_TOLD = 10
_LONGEST_SHOWN = 256
_SECRET_WORDS = ("secret", "password", "token", "credential")
HIDDEN = "***"

_ANY_CASE = frozenset({"FilterRuleName"})
"""Enums that AWS reads in any case: "Prefix" is what S3 itself answers."""


def validate(service: Service, operation: str, value: Mapping[str, Any]) -> None:
    """Raises the service's own validation error naming every constraint that is broken."""
    shape = service.operation(operation).input_shape
    if shape is None:
        return
    absent = [name for name in shape.required_members if value.get(name) is None]
    if absent and service.name == "ec2":
        raise MissingParameter(f"The request must contain the parameter {absent[0]}")
    problems = find_problems(shape, value)
    if problems:
        raise _ERRORS.get(service.name, ValidationException)(_message(problems))


def find_problems(shape: StructureShape, value: Mapping[str, Any]) -> list[str]:
    """What is wrong with the value, one sentence a constraint, in the model's order."""
    finder = _Finder()
    finder.check(shape, value, "", shown=True)
    return finder.problems


def _message(problems: list[str]) -> str:
    errors = "error" if len(problems) == 1 else "errors"
    told = "; ".join(problems[:_MOST_TOLD])
    more = f"; and {len(problems) - _MOST_TOLD} more" if len(problems) > _MOST_TOLD else ""
    return f"{len(problems)} validation {errors} detected: {told}{more}"


class _Finder:
    """Walks a value; a method is found by the shape's type name. `shown`: may be printed."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def check(self, shape: Shape, value: Any, path: str, shown: bool) -> None:
        method = getattr(self, "_" + shape.type_name, None)
        if method is not None:
            method(shape, value, path, shown and not shape.metadata.get("sensitive"))

    def _add(self, value: Any, path: str, shown: bool, constraint: str) -> None:
        text = "null" if value is None else f"'{_shown(value) if shown else HIDDEN}'"
        self.problems.append(
            f"Value {text} at '{path}' failed to satisfy constraint: Member must {constraint}"
        )

    def _structure(
        self, shape: StructureShape, value: Mapping[str, Any], path: str, shown: bool
    ) -> None:
        if shape.is_document_type:
            return
        for name in shape.required_members:
            if value.get(name) is None:
                self._add(None, _join(path, _camel(name)), shown, "not be null")
        for name, member in shape.members.items():
            if value.get(name) is not None:
                secret = any(word in name.lower() for word in _SECRET_WORDS)
                self.check(member, value[name], _join(path, _camel(name)), shown and not secret)

    def _list(self, shape: ListShape, value: list[Any], path: str, shown: bool) -> None:
        self._length(shape, value, path, shown)
        for place, item in enumerate(value, 1):
            below = f"{path}.{place}.member"
            if item is None:
                self._add(None, below, shown, "not be null")
            else:
                self.check(shape.member, item, below, shown)

    def _map(self, shape: MapShape, value: Mapping[str, Any], path: str, shown: bool) -> None:
        self._length(shape, value, path, shown)
        for key, item in value.items():
            below = f"{path}.{key[:64]}.member"
            self._key(shape, key, path)
            if item is None:
                self._add(None, below, shown, "not be null")
            else:
                # Values of maps are a user's own (environment, hyperparameters): never shown.
                self.check(shape.value, item, below, shown=False)

    def _key(self, shape: MapShape, key: str, path: str) -> None:
        """A name in a map, which is shown: it is no secret, and says which one is meant."""
        finder = _Finder()
        finder._string(shape.key, key, path, True)
        between = "failed to satisfy constraint: "
        for problem in finder.problems:
            said, _, constraint = problem.partition(between)
            self.problems.append(f"{said}{between}Map keys must satisfy constraint: [{constraint}]")

    def _string(self, shape: Shape, value: Any, path: str, shown: bool) -> None:
        if not isinstance(value, str):
            return
        too_long = self._length(shape, value, path, shown)
        allowed = shape.metadata.get("enum")
        said = value.lower() if shape.name in _ANY_CASE else value
        if allowed and said not in allowed:
            self._add(value, path, shown, f"satisfy enum value set: [{', '.join(allowed)}]")
        pattern = shape.metadata.get("pattern")
        # A value that is too long is told once, and not matched: patterns repeat their lengths.
        if pattern and not too_long and not matches(pattern, value):
            self._add(value, path, shown, f"satisfy regular expression pattern: {pattern}")

    def _blob(self, shape: Shape, value: Any, path: str, shown: bool) -> None:
        if isinstance(value, bytes):
            self._length(shape, value, path, False)

    def _number(self, shape: Shape, value: float, path: str, shown: bool) -> None:
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and not value >= low:
            self._add(value, path, shown, f"have value greater than or equal to {low}")
        if high is not None and not value <= high:
            self._add(value, path, shown, f"have value less than or equal to {high}")
        if (low, high) != (None, None) and math.isinf(value) and value > 0 and high is None:
            self._add(value, path, shown, "have value less than or equal to 3.4028235E38")

    _integer = _number
    _long = _number
    _float = _number
    _double = _number

    def _length(self, shape: Shape, value: Any, path: str, shown: bool) -> bool:
        """Checks a length or size; True when it is too long."""
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and len(value) < low:
            self._add(value, path, shown, f"have length greater than or equal to {low}")
        if high is not None and len(value) > high:
            self._add(value, path, shown, f"have length less than or equal to {high}")
            return True
        return False


def _shown(value: Any) -> str:
    """A value in a message; of lists and maps only whether they are empty."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "…"
    if isinstance(value, (list, tuple)):
        return "[…]" if value else "[]"
    if isinstance(value, Mapping):
        return "{…}" if value else "{}"
    return str(value)


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
