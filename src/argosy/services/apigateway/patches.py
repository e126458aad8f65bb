"""Patch operations: what an Update call of API Gateway asks for, done to a document.

    apply(stage, operations, {"/description": text, "/variables/{}": entry})

A rule says what a path means; a path without a rule is refused. Pure.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from argosy.services.apigateway.errors import BadRequestException

Rule = Callable[[dict[str, Any], list[str], str, Any], None]
"""Changes a document: (document, steps of the path, "add" | "replace" | "remove", value)."""

_OPERATIONS = ("add", "replace", "remove")


def apply(
    document: dict[str, Any],
    operations: Sequence[Mapping[str, Any]] | None,
    rules: Mapping[str, Rule],
) -> None:
    """Carry the operations out in order. Raises BadRequestException."""
    for one in operations or ():
        path = one.get("path") or ""
        steps = [unescaped(step) for step in path.lstrip("/").split("/")]
        _rule(path, rules)(document, steps, kind_of(one), one.get("value"))


def kind_of(one: Mapping[str, Any]) -> str:
    """What a patch does. Raises BadRequestException for what is not done here."""
    what = str(one.get("op") or "")
    if what not in _OPERATIONS:
        raise BadRequestException(
            f"Invalid patch operation specified. Must be one of: [{', '.join(_OPERATIONS)}]"
        )
    return what


def unescaped(step: str) -> str:
    """A step of a JSON pointer (RFC 6901)."""
    return step.replace("~1", "/").replace("~0", "~")


def _rule(path: str, rules: Mapping[str, Rule]) -> Rule:
    given = path.lstrip("/").split("/")
    for pattern, rule in rules.items():
        wanted = pattern.lstrip("/").split("/")
        if len(wanted) == len(given) and all(
            a in ("{}", b) for a, b in zip(wanted, given, strict=True)
        ):
            return rule
    raise BadRequestException(
        f"Invalid patch path '{path}' specified for op. Must be one of: [{', '.join(rules)}]"
    )


def text(document: dict[str, Any], steps: list[str], what: str, value: Any) -> None:
    """A member that is text."""
    _holder(document, steps)[steps[-1]] = None if what == "remove" else (value or "")


def needed(document: dict[str, Any], steps: list[str], what: str, value: Any) -> None:
    """A member that is text and stays."""
    if what == "remove":
        raise BadRequestException(f"/{'/'.join(steps)} cannot be removed")
    text(document, steps, what, value)


def boolean(document: dict[str, Any], steps: list[str], what: str, value: Any) -> None:
    """A member that is true or false, in text."""
    if value not in ("true", "false") and what != "remove":
        raise BadRequestException(f"Invalid boolean value {value!r} at /{'/'.join(steps)}")
    _holder(document, steps)[steps[-1]] = value == "true"


def integer(document: dict[str, Any], steps: list[str], what: str, value: Any) -> None:
    """A member that is a whole number, in text."""
    _number(int, document, steps, what, value)


def integer_or_none(document: dict[str, Any], steps: list[str], what: str, value: Any) -> None:
    """A whole number, which is taken away by replacing it with nothing too."""
    _number(int, document, steps, "remove" if value in ("", None) else what, value)


def number(document: dict[str, Any], steps: list[str], what: str, value: Any) -> None:
    """A member that is a number, in text."""
    _number(float, document, steps, what, value)


def entry(document: dict[str, Any], steps: list[str], what: str, value: Any) -> None:
    """An entry of a map of texts."""
    holder = _holder(document, steps)
    if what == "remove":
        holder.pop(steps[-1], None)
    else:
        holder[steps[-1]] = value or ""


def flag(document: dict[str, Any], steps: list[str], what: str, value: Any) -> None:
    """An entry of a map of booleans."""
    if what == "remove":
        _holder(document, steps).pop(steps[-1], None)
    else:
        boolean(document, steps, what, value or "false")


def item(document: dict[str, Any], steps: list[str], what: str, value: Any) -> None:
    """A text in a list, which the last step of the path names, or its place."""
    holder = _holder(document, steps[:-1])
    held = holder.get(steps[-2]) or []
    named = steps[-1]
    if named.isdecimal() and int(named) < len(held):
        named = held[int(named)]
    kept = [one for one in held if one != named]
    if what == "replace":
        kept.append(value or "")
    elif what == "add":
        kept.append(steps[-1])
    holder[steps[-2]] = kept


def _holder(document: dict[str, Any], steps: list[str]) -> dict[str, Any]:
    """What holds the last step; maps on the way are made where there are none."""
    for step in steps[:-1]:
        if document.get(step) is None:
            document[step] = {}
        document = document[step]
    return document


def _number(
    kind: type[int] | type[float],
    document: dict[str, Any],
    steps: list[str],
    what: str,
    value: Any,
) -> None:
    try:
        found = None if what == "remove" else kind(value)
        if found is not None and not math.isfinite(found):
            raise ValueError(value)
    except (TypeError, ValueError, OverflowError):
        place = "/".join(steps)
        raise BadRequestException(f"Invalid number {value!r} at /{place}") from None
    _holder(document, steps)[steps[-1]] = found
