"""JSON schemas of draft 4, as API Gateway's models are. Pure.

Patterns are matched in linear time; a reference to anything outside the schema is refused.
"""

import functools
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

_LONGEST = 200


class Schema:
    """One schema, ready to look at values."""

    def __init__(self, document: Any) -> None:
        """Raises ValueError for one that is no schema."""
        check(document)
        self._validator = _validating()(document)

    def wrong_with(self, value: Any) -> list[str]:
        """What is wrong with a value, a sentence each; [] when nothing is."""
        return [error.message[:_LONGEST] for error in self._validator.iter_errors(value)]


def check(document: Any) -> None:
    """Raises ValueError for what is no schema of draft 4."""
    if not isinstance(document, dict):
        raise ValueError("a schema is a JSON object")
    for reference in _references(document):
        if not reference.startswith("#"):
            raise ValueError(f"a reference to another document is not followed: {reference}")
    library = _library()
    try:
        library.Draft4Validator.check_schema(document)
    except library.SchemaError as error:
        raise ValueError(error.message[:_LONGEST]) from None


@functools.cache
def _library() -> ModuleType:
    """jsonschema, imported when it is first needed.

    Where some other package brings it along, it would load a grammar of IRIs, for a second of CPU
    in which control answers nobody; formats are not checked here.
    """
    slow = "rfc3987_syntax"
    there = slow in sys.modules
    if not there:
        sys.modules[slow] = None  # type: ignore[assignment]  # an ImportError, which it expects
    try:
        return importlib.import_module("jsonschema")
    finally:
        if not there:
            del sys.modules[slow]


@functools.cache
def _validating() -> Any:
    library = _library()
    return library.validators.extend(library.Draft4Validator, {"pattern": _pattern})


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    import re2

    if not isinstance(instance, str):
        return
    try:
        found = re2.search(pattern, instance)
    except re2.error:
        yield _library().ValidationError(f"the schema's pattern {pattern!r} cannot be used")
        return
    if not found:
        yield _library().ValidationError(f"{instance!r} does not match {pattern!r}")
