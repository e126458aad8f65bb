"""Filters of Describe calls: every filter must hold, by any of its values; * and ? stand for text.

A field is a function from what is described to the texts that a filter of its name looks at.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from argosy.services.ec2.errors import Ec2Error, invalid
from argosy.services.registry import Call

T = TypeVar("T")
Fields = Mapping[str, Callable[[T], Iterable[str]]]
Tags = Callable[[T], Sequence[dict[str, str]]]

_TAG = "tag:"


def chosen(call: Call, found: Iterable[T], fields: Fields[T], tags: Tags[T]) -> list[T]:
    """Those that all Filters of the call hold for. Raises Ec2Error for a filter of no field."""
    tests = [_test(one, fields, tags) for one in call.input.get("Filters") or ()]
    return [one for one in found if all(test(one) for test in tests)]


def page(call: Call, found: list[T], name: Callable[[T], str]) -> tuple[list[T], str | None]:
    """The page that is asked for, and the token of the next one. Raises Ec2Error."""
    most, token = call.input.get("MaxResults"), call.input.get("NextToken")
    names = [name(one) for one in found]
    if token and token not in names:
        raise Ec2Error("InvalidNextToken", "The token is not valid for this request.")
    first = names.index(token) if token else 0
    last = first + most if most else len(found)
    return found[first:last], names[last] if last < len(found) else None


def _test(given: dict[str, Any], fields: Fields[T], tags: Tags[T]) -> Callable[[T], bool]:
    name, values = given.get("Name") or "", given.get("Values") or []
    texts = _texts(name, fields, tags)
    patterns = [_pattern(value) for value in values]

    def holds(one: T) -> bool:
        return any(pattern.fullmatch(text) for text in texts(one) for pattern in patterns)

    return holds


def _texts(name: str, fields: Fields[T], tags: Tags[T]) -> Callable[[T], Iterable[str]]:
    if name.startswith(_TAG):
        key = name.removeprefix(_TAG)
        return lambda one: [tag["Value"] for tag in tags(one) if tag["Key"] == key]
    if name == "tag-key":
        return lambda one: [tag["Key"] for tag in tags(one)]
    if name not in fields:
        raise invalid(f"The filter '{name}' is invalid")
    return fields[name]


def _pattern(value: str) -> re.Pattern[str]:
    """`*` any text, `?` any letter, each as it is behind a backslash."""
    parts = re.findall(r"\\.|.", value, re.DOTALL)
    signs = {"*": ".*", "?": "."}
    return re.compile("".join(signs.get(p) or re.escape(p[-1]) for p in parts), re.DOTALL)
