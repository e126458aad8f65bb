"""JSON schemas of draft 4, as API Gateway's models are. Pure.

Patterns are matched in linear time; a reference to anything outside the schema is refused.
"""

from collections.abc import Iterator
from typing import Any

_LONGEST = 200


class Schema:
    """One schema, ready to look at values."""

    def __init__(self, document: Any) -> None:
        """Raises ValueError for one that is no schema."""
        from jsonschema import Draft4Validator, validators

        check(document)
        made = validators.extend(Draft4Validator, {"pattern": _pattern})
        self._validator = made(document)

    def wrong_with(self, value: Any) -> list[str]:
        """What is wrong with a value, a sentence each; [] when nothing is."""
        return [error.message[:_LONGEST] for error in self._validator.iter_errors(value)]


def check(document: Any) -> None:
    """Raises ValueError for what is no schema of draft 4."""
    from jsonschema import Draft4Validator, exceptions

    if not isinstance(document, dict):
        raise ValueError("a schema is a JSON object")
    for reference in _references(document):
        if not reference.startswith("#"):
            raise ValueError(f"a reference to another document is not followed: {reference}")
    try:
        Draft4Validator.check_schema(document)
    except exceptions.SchemaError as error:
        raise ValueError(error.message[:_LONGEST]) from None


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
    from jsonschema import ValidationError

    if not isinstance(instance, str):
        return
    try:
        found = re2.search(pattern, instance)
    except re2.error:
        yield ValidationError(f"the schema's pattern {pattern!r} cannot be used")
        return
    if not found:
        yield ValidationError(f"{instance!r} does not match {pattern!r}")
