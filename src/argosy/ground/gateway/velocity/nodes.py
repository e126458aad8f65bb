"""The parts of a template, and what each is worth or writes."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from argosy.ground.gateway.velocity.methods import METHODS

MAX_STEPS = 200_000
"""Parts of a template that are evaluated, loops included."""
MAX_OUTPUT = 10 << 20
"""Characters that a template writes."""


_LARGEST = 1 << 63


class TemplateError(ValueError):
    """The template cannot be read, or what it does cannot be done."""


class Stop(Exception):
    """#stop: nothing more is written."""


class Break(Exception):
    """#break: the loop ends."""


class Methods(dict[str, Any]):
    """What a template is given under one name: properties, and functions to be called."""


@dataclass(slots=True)
class Scope:
    """One run of a template."""

    names: dict[str, Any]
    written: list[str] = field(default_factory=list)
    size: int = 0
    steps: int = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TemplateError("the template runs too long")

    def write(self, text: str) -> None:
        self.size += len(text)
        if self.size > MAX_OUTPUT:
            raise TemplateError("the template writes too much")
        self.written.append(text)


class Expression(Protocol):
    def value(self, scope: Scope) -> Any: ...


class Part(Protocol):
    def render(self, scope: Scope) -> None: ...


@dataclass(frozen=True, slots=True)
class Text:
    text: str

    def render(self, scope: Scope) -> None:
        scope.write(self.text)


@dataclass(frozen=True, slots=True)
class Literal:
    constant: Any

    def value(self, scope: Scope) -> Any:
        return self.constant


@dataclass(frozen=True, slots=True)
class Interpolated:
    """A text in double quotes."""

    parts: Sequence[Part]

    def value(self, scope: Scope) -> str:
        inner = Scope(scope.names, steps=scope.steps)
        for part in self.parts:
            part.render(inner)
        scope.steps = inner.steps
        return "".join(inner.written)


@dataclass(frozen=True, slots=True)
class ListOf:
    items: Sequence[Expression]

    def value(self, scope: Scope) -> list[Any]:
        return [item.value(scope) for item in self.items]


@dataclass(frozen=True, slots=True)
class MapOf:
    items: Sequence[tuple[Expression, Expression]]

    def value(self, scope: Scope) -> dict[Any, Any]:
        return {as_text(key.value(scope)): one.value(scope) for key, one in self.items}


@dataclass(frozen=True, slots=True)
class Range:
    first: Expression
    last: Expression

    def value(self, scope: Scope) -> list[int]:
        first, last = self.first.value(scope), self.last.value(scope)
        if not isinstance(first, int) or not isinstance(last, int):
            raise TemplateError("a range goes from a whole number to another")
        if abs(last - first) > MAX_STEPS:
            raise TemplateError("a range is too long")
        return list(range(first, last + 1)) if first <= last else list(range(first, last - 1, -1))


@dataclass(frozen=True, slots=True)
class Step:
    """`.name`, `.name(arguments)` or `[index]`."""

    name: str = ""
    arguments: Sequence[Expression] | None = None
    index: Expression | None = None

    def take(self, held: Any, scope: Scope) -> Any:
        if self.index is not None:
            return _item(held, self.index.value(scope))
        if self.arguments is None:
            return held.get(self.name) if isinstance(held, Mapping) else None
        return _call(held, self.name, [one.value(scope) for one in self.arguments])


@dataclass(frozen=True, slots=True)
class Reference:
    """`$name…`: what stands there; as it is written where nothing is known of the name."""

    name: str
    steps: Sequence[Step]
    source: str
    quiet: bool = False

    def value(self, scope: Scope) -> Any:
        scope.step()
        held = scope.names.get(self.name)
        for step in self.steps:
            if held is None:
                return None
            held = step.take(held, scope)
        return held

    def render(self, scope: Scope) -> None:
        held = self.value(scope)
        if held is not None:
            scope.write(as_text(held))
        elif not self.quiet and self.name not in scope.names:
            scope.write(self.source)


@dataclass(frozen=True, slots=True)
class Operation:
    sign: str
    left: Expression
    right: Expression

    def value(self, scope: Scope) -> Any:
        scope.step()
        left = self.left.value(scope)
        if self.sign == "&&":
            return truth(left) and truth(self.right.value(scope))
        if self.sign == "||":
            return truth(left) or truth(self.right.value(scope))
        return _operate(self.sign, left, self.right.value(scope))


@dataclass(frozen=True, slots=True)
class Not:
    inner: Expression

    def value(self, scope: Scope) -> bool:
        return not truth(self.inner.value(scope))


@dataclass(frozen=True, slots=True)
class Set:
    target: Reference
    to: Expression

    def render(self, scope: Scope) -> None:
        value, steps = self.to.value(scope), self.target.steps
        if not steps:
            scope.names[self.target.name] = value
            return
        held = Reference(self.target.name, steps[:-1], "").value(scope)
        last = steps[-1]
        if last.arguments is not None or isinstance(held, Methods):
            raise TemplateError(f"{self.target.source} cannot be set")
        key = last.name if last.index is None else last.index.value(scope)
        if isinstance(held, dict):
            held[as_text(key)] = value
        elif isinstance(held, list) and isinstance(key, int) and -len(held) <= key < len(held):
            held[key] = value
        else:
            raise TemplateError(f"{self.target.source} cannot be set")


@dataclass(frozen=True, slots=True)
class If:
    branches: Sequence[tuple[Expression, Sequence[Part]]]

    def render(self, scope: Scope) -> None:
        for condition, parts in self.branches:
            if truth(condition.value(scope)):
                render(parts, scope)
                return


@dataclass(frozen=True, slots=True)
class ForEach:
    name: str
    over: Expression
    parts: Sequence[Part]

    def render(self, scope: Scope) -> None:
        over = self.over.value(scope)
        items = list(over.values()) if isinstance(over, dict) else over
        if not isinstance(items, list):
            return
        before = {name: scope.names.get(name) for name in (self.name, "foreach", "velocityCount")}
        for place, item in enumerate(items):
            scope.step()
            scope.names[self.name] = item
            scope.names["velocityCount"] = place + 1
            scope.names["foreach"] = _place(place, len(items), before["foreach"])
            try:
                render(self.parts, scope)
            except Break:
                break
        scope.names.update(before)


@dataclass(frozen=True, slots=True)
class Leave:
    """#break or #stop."""

    exception: type[Exception]

    def render(self, scope: Scope) -> None:
        raise self.exception


def render(parts: Sequence[Part], scope: Scope) -> None:
    """Each part, in order."""
    for part in parts:
        scope.step()
        part.render(scope)


def truth(value: Any) -> bool:
    """Velocity's idea of it: nothing, false and empty things are false; zero is true of old, and
    false now as in Velocity 2."""
    return bool(value)


def as_text(value: Any) -> str:
    """As Java writes it. Raises TemplateError for what is too large to be written."""
    if isinstance(value, list | dict):
        check_size(value)
    return _short(_written(value))


def check_size(value: Any) -> None:
    """Raises TemplateError for a value of too many parts: a part may stand in many places."""
    left, waiting = MAX_STEPS, [value]
    while waiting:
        left -= 1
        if left < 0 or len(waiting) > MAX_STEPS:
            raise TemplateError("a value is too large")
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _written(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Methods):
        return ""
    if isinstance(value, list):
        return f"[{', '.join(_written(item) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_written(item)}" for key, item in value.items()) + "}"
    return str(value)


_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "-": operator.sub,
    "*": operator.mul,
}


def _operate(sign: str, left: Any, right: Any) -> Any:
    if sign in ("==", "!="):
        same = left == right or (
            left is not None and right is not None and as_text(left) == as_text(right)
        )
        return same if sign == "==" else not same
    if sign == "+" and (isinstance(left, str) or isinstance(right, str)):
        return _short(as_text(left) + as_text(right))
    if not _is_number(left) or not _is_number(right):
        both_text = isinstance(left, str) and isinstance(right, str)
        return _SIGNS[sign](left, right) if both_text and sign[0] in "<>" else None
    if sign in ("/", "%"):
        return _divided(sign, left, right)
    return _near(left + right if sign == "+" else _SIGNS[sign](left, right))


def _short(text: str) -> str:
    if len(text) > MAX_OUTPUT:
        raise TemplateError("a text is too long")
    return text


def _near(number: Any) -> Any:
    if abs(number) > _LARGEST:
        raise TemplateError("a number is too large")
    return number


def _divided(sign: str, left: Any, right: Any) -> Any:
    if right == 0:
        return None
    whole = isinstance(left, int) and isinstance(right, int)
    if sign == "/":
        return int(left / right) if whole else left / right
    return left - right * int(left / right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _item(held: Any, key: Any) -> Any:
    if isinstance(held, Mapping):
        return held.get(key if isinstance(key, str) else as_text(key))
    if isinstance(held, list) and isinstance(key, int) and -len(held) <= key < len(held):
        return held[key]
    return None


def _call(held: Any, name: str, arguments: list[Any]) -> Any:
    if isinstance(held, Methods):
        found = held.get(name)
        if not callable(found):
            raise TemplateError(f"there is no method {name}")
        bound: Callable[..., Any] = found
    else:
        method = METHODS.get((_kind(held), name))
        if method is None:
            raise TemplateError(f"there is no method {name} of {_kind(held)}")
        bound = lambda *given: method(held, *given)  # noqa: E731
    try:
        return bound(*arguments)
    except (TypeError, IndexError, AttributeError, KeyError) as error:
        raise TemplateError(f"{name}: {error}") from None


def _kind(held: Any) -> str:
    if isinstance(held, str):
        return "text"
    if isinstance(held, list):
        return "list"
    return "map" if isinstance(held, dict) else "number"


def _place(place: int, size: int, parent: Any) -> dict[str, Any]:
    return {
        "index": place,
        "count": place + 1,
        "hasNext": place + 1 < size,
        "first": place == 0,
        "last": place + 1 == size,
        "parent": parent,
    }
