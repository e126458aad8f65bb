"""JSON schemas of draft 4, as API Gateway's models are. Pure.

Patterns are matched in linear time; how long a value is looked at is bounded. A schema may refer to
other models of its API by their URLs; a reference to anything else outside of it is refused.
"""

import functools
import importlib
import itertools
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from argosy.ground.gateway.patterns import compiled

MAX_CPU_S = 10.0
"""How long one value is looked at, in time of its thread."""
_LONGEST = 200
_MOST_TOLD = 10
_MODEL = re.compile(r"https://apigateway\.[\w.-]+/restapis/[^/]+/models/(\w+)")


class TooLong(Exception):
    """The time for a value is over."""


class Schema:
    """One schema, ready to look at values."""

    def __init__(self, document: Any) -> None:
        """Raises ValueError for one that is no schema."""
        check(document)
        self._validator = _validating()(document)

    def wrong_with(self, value: Any, seconds: float = MAX_CPU_S) -> list[str]:
        """What is wrong with a value, a sentence each, of many the first; [] when nothing is.

        seconds: of the thread's processor time; raises TooLong when they are over.
        """
        _spent.begin(seconds)
        try:
            errors = itertools.islice(self._validator.iter_errors(value), _MOST_TOLD)
            return [error.message[:_LONGEST] for error in errors]
        except RecursionError:
            return ["it is nested too deeply"]


def check(document: Any) -> None:
    """Raises ValueError for what is no schema of draft 4."""
    if not isinstance(document, dict):
        raise ValueError("a schema is a JSON object")
    for reference in _references(document):
        if not reference.startswith("#") and not _MODEL.fullmatch(reference):
            raise ValueError(f"a reference to another document is not followed: {reference}")
    library = _library()
    try:
        library.Draft4Validator.check_schema(document)
    except library.SchemaError as error:
        raise ValueError(error.message[:_LONGEST]) from None


def models_of(document: Any) -> list[str]:
    """The names of the models that a schema refers to."""
    found = (_MODEL.fullmatch(reference) for reference in _references(document))
    return [one.group(1) for one in found if one is not None]


def whole(name: str, models: Mapping[str, Any]) -> Any:
    """The schema of a model, with those of the models that it refers to among its definitions.

    models: schemas by name; one that is not there is refused by whoever makes the Schema.
    """
    document = dict(_moved(models[name], "#", name))
    needed, waiting = dict[str, Any](), models_of(models[name])
    while waiting:
        other = waiting.pop()
        if other in models and other != name and other not in needed:
            needed[other] = _moved(models[other], f"#/definitions/{_called(other)}", name)
            waiting += models_of(models[other])
    if needed:
        more = {_called(other): schema for other, schema in needed.items()}
        document["definitions"] = {**(document.get("definitions") or {}), **more}
    return document


def _called(model: str) -> str:
    """No definition of a model's own is called so by accident."""
    return f"model-{model}"


def _moved(value: Any, place: str, top: str) -> Any:
    """A schema with its references as they must be where it stands at `place` within that of the
    model `top`."""
    if isinstance(value, list):
        return [_moved(one, place, top) for one in value]
    if not isinstance(value, dict):
        return value
    moved = {key: _moved(one, place, top) for key, one in value.items()}
    reference = value.get("$ref")
    if isinstance(reference, str):
        model = _MODEL.fullmatch(reference)
        if model is not None:
            moved["$ref"] = "#" if model[1] == top else f"#/definitions/{_called(model[1])}"
        elif reference.startswith("#"):
            moved["$ref"] = f"{place}{reference[1:]}"
    return moved


class _Spent(threading.local):
    """What this thread has spent on the value at hand."""

    steps = 0
    end = float("inf")

    def begin(self, seconds: float) -> None:
        self.steps, self.end = 0, time.thread_time() + seconds

    def step(self) -> None:
        self.steps += 1
        if self.steps % 256 == 0 and time.thread_time() > self.end:
            raise TooLong


_spent = _Spent()


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
    own = {"pattern": _pattern, "uniqueItems": _unique}
    known = {**library.Draft4Validator.VALIDATORS, **own}
    timed = {name: _timed(keyword) for name, keyword in known.items()}
    return library.validators.extend(library.Draft4Validator, timed)


def _timed(keyword: Callable[..., Any]) -> Callable[..., Any]:
    def looked_at(validator: Any, wanted: Any, instance: Any, schema: Any) -> Any:
        _spent.step()
        return keyword(validator, wanted, instance, schema)

    return looked_at


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
    if not isinstance(instance, str):
        return
    try:
        found = compiled(pattern).search(instance)
    except ValueError:
        yield _library().ValidationError(f"the schema's pattern {pattern!r} cannot be used")
        return
    if not found:
        yield _library().ValidationError(f"{instance!r} does not match {pattern!r}")


def _unique(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """In linear time; the library compares each item with each other."""
    if not wanted or not isinstance(instance, list):
        return
    if len({json.dumps(one, sort_keys=True) for one in instance}) < len(instance):
        yield _library().ValidationError("the items are not unique")
