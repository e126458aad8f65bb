"""References in a definition: found in it, and replaced by what they mean at a time.

`{"Get": "Parameters.x"}`, `{"Get": "Steps.train.ModelArtifacts.S3ModelArtifacts"}`,
`{"Get": "Execution.PipelineExecutionId"}`, `{"Std:Join": {"On", "Values"}}` and `{"Std:JsonGet":
{"PropertyFile" or "S3Uri", "Path"}}`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from argosy.ground.pipelines.errors import BadDefinition, Unresolved

GET, JOIN, JSON_GET = "Get", "Std:Join", "Std:JsonGet"
FUNCTIONS = (GET, JOIN, JSON_GET)

EXECUTION = (
    "StartDateTime",
    "CurrentDateTime",
    "PipelineName",
    "PipelineArn",
    "PipelineExecutionId",
    "PipelineExecutionArn",
    "TrainingJobName",
    "ProcessingJobName",
)
_FILES = "PropertyFiles"
_NAMES = ("OutputName", "InputName", "ChannelName", "Name", "MetricName")
"""Members by which an entry of a list can be chosen."""

_TOKEN = re.compile(
    r"""\.?(?P<name>[^.\[\]'"]+)|\[(?P<index>\d+)\]|\['(?P<single>[^']*)'\]|\["(?P<double>[^"]*)"\]"""
)
MOST_DEPTH = 100


@dataclass(frozen=True)
class Scope:
    """What references mean now."""

    parameters: dict[str, Any] = field(default_factory=dict)
    execution: dict[str, str] = field(default_factory=dict)
    properties: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Step → what it is known by when it has succeeded."""
    file: Callable[[str, str], Any] | None = None
    """Content of a JSON file by (step, property file), or by ("", URI)."""


def is_function(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in FUNCTIONS


def functions_in(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Every reference in a value, those within others too. Raises BadDefinition when it is too
    deep."""
    if depth > MOST_DEPTH:
        raise BadDefinition(f"The definition is nested more than {MOST_DEPTH} deep.")
    if is_function(value):
        yield value
    if isinstance(value, dict):
        for inner in value.values():
            yield from functions_in(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from functions_in(inner, depth + 1)


def steps_in(value: Any) -> set[str]:
    """The names of the steps that a value refers to."""
    paths = (one[GET] for one in functions_in(value) if GET in one)
    return {root[1] for path in paths if (root := split(path))[0] == "Steps"}


def split(path: Any) -> tuple[str, str, str]:
    """("Steps", "train", ".ModelArtifacts…"); raises BadDefinition for what is no path."""
    if not isinstance(path, str) or path.count(".") < 1:
        raise BadDefinition(
            f'{{"Get": {path!r}}} is not a reference: write "Parameters.NAME", "Execution.NAME" or '
            '"Steps.NAME.PROPERTY".'
        )
    root, _, rest = path.partition(".")
    name = re.split(r"[.\[]", rest, maxsplit=1)[0]
    return root, name, rest[len(name) :]


def resolve(value: Any, scope: Scope) -> Any:
    """The value with every reference replaced. Raises Unresolved."""
    if is_function(value):
        ((function, inner),) = value.items()
        if function == GET:
            return _get(inner, scope)
        return _join(inner, scope) if function == JOIN else _json_get(inner, scope)
    if isinstance(value, dict):
        return {name: resolve(inner, scope) for name, inner in value.items()}
    if isinstance(value, list):
        return [resolve(inner, scope) for inner in value]
    return value


def _get(path: str, scope: Scope) -> Any:
    root, name, rest = split(path)
    if root == "Steps":
        return _property(path, name, rest, scope)
    known = scope.parameters if root == "Parameters" else scope.execution
    if name not in known or known[name] is None:
        raise Unresolved(f"{path} has no value.")
    return known[name]


def _property(path: str, name: str, rest: str, scope: Scope) -> Any:
    if name not in scope.properties:
        raise Unresolved(f"{path} has no value: the step {name} has not succeeded.")
    try:
        return at(scope.properties[name], rest)
    except LookupError:
        raise Unresolved(f"{path} has no value: the step {name} has no such property.") from None


def at(value: Any, path: str) -> Any:
    """The part of a value; entries of lists by number, or by their name. Raises LookupError."""
    for token in tokens(path):
        if isinstance(value, list):
            value = _entry(value, token)
        elif isinstance(value, dict):
            value = value[str(token)]
        else:
            raise LookupError(path)
    return value


def tokens(path: str) -> list[str | int]:
    """The steps of a path. Raises LookupError for what is no path."""
    path, found, place = path.removeprefix("$"), list[str | int](), 0
    while place < len(path):
        match = _TOKEN.match(path, place)
        if match is None:
            raise LookupError(path)
        index = match["index"]
        named = match["name"] or match["single"] or match["double"] or ""
        found.append(int(index) if index is not None else named)
        place = match.end()
    return found


def _entry(entries: list[Any], token: str | int) -> Any:
    if isinstance(token, int):
        return entries[token]
    for entry in entries:
        if isinstance(entry, dict) and any(entry.get(name) == token for name in _NAMES):
            return entry
    raise LookupError(token)


def _join(inner: Any, scope: Scope) -> str:
    values = [resolve(value, scope) for value in inner.get("Values") or ()]
    return str(inner.get("On") or "").join(as_text(value) for value in values)


def as_text(value: Any) -> str:
    """As a reference within a text reads."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _json_get(inner: Any, scope: Scope) -> Any:
    step, place = file_of(inner, scope)
    if scope.file is None:
        raise Unresolved("Std:JsonGet cannot be used here.")
    content, path = scope.file(step, place), resolve(inner.get("Path") or "", scope)
    try:
        return at(content, str(path))
    except LookupError:
        raise Unresolved(f"Std:JsonGet: {path} leads to nothing in {place}.") from None


def file_of(inner: Any, scope: Scope) -> tuple[str, str]:
    """What a Std:JsonGet reads: (step, property file), or ("", URI)."""
    if inner.get("S3Uri") is not None:
        return "", str(resolve(inner["S3Uri"], scope))
    named = inner.get("PropertyFile")
    path = named.get(GET) if isinstance(named, dict) else None
    root, step, rest = split(path)
    try:
        found = tokens(rest)
    except LookupError:
        found = []
    if root != "Steps" or len(found) != 2 or found[0] != _FILES:
        raise BadDefinition(
            f'Std:JsonGet: PropertyFile is {{"Get": "Steps.NAME.{_FILES}.FILE"}}, not {path!r}.'
        )
    return step, str(found[1])
