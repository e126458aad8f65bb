"""The parts of a template, and what each is worth or writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from argosy.ground.gateway.velocity.values import (
    MAX_OUTPUT,
    MAX_STEPS,
    Methods,
    TemplateError,
    as_text,
    call_method,
    item_of,
    operate,
    truth,
)


class Stop(Exception):
    """#stop: nothing more is written."""


class Break(Exception):
    """#break: the loop ends."""


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
            return item_of(held, self.index.value(scope))
        if self.arguments is None:
            return held.get(self.name) if isinstance(held, Mapping) else None
        return call_method(held, self.name, [one.value(scope) for one in self.arguments])


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
        return operate(self.sign, left, self.right.value(scope))


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


def _place(place: int, size: int, parent: Any) -> dict[str, Any]:
    return {
        "index": place,
        "count": place + 1,
        "hasNext": place + 1 < size,
        "first": place == 0,
        "last": place + 1 == size,
        "parent": parent,
    }
