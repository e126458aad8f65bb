"""Reads an expression of metric math into a tree.

    or    → and (("OR" | "||") and)*           unary → "-" unary | power
    and   → cmp (("AND" | "&&") cmp)*          power → atom ("^" unary)?
    cmp   → sum (("<" | ">=" | "==" …) sum)*   atom  → NUMBER | "TEXT" | id | WORD
    sum   → prod (("+" | "-") prod)*                 | WORD "(" or, … ")" | "[" or, … "]"
    prod  → unary (("*" | "/") unary)*               | "(" or ")"

Source: CloudWatch User Guide, "Using metric math".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MOST_CHARACTERS = 2048
MOST_NESTED = 60

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<sign>&&|\|\||[<>=!]=|[-+*/^<>()\[\],]))"
)
_COMPARISONS = frozenset({"==", "!=", "<=", ">=", "<", ">"})
_SAME = {"&&": "AND", "||": "OR"}
_SQL = re.compile(r"\s*SELECT\b", re.IGNORECASE)


class BadExpression(ValueError):
    """The expression cannot be read or worked out; the message says why."""


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Id:
    """The result of another query."""

    name: str


@dataclass(frozen=True, slots=True)
class Word:
    """REPEAT, ASC, AVG …, where they are an argument."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Listed:
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Negative:
    of: "Node"


@dataclass(frozen=True, slots=True)
class Operation:
    sign: str
    left: "Node"
    right: "Node"


Node = Number | Text | Id | Word | Call | Listed | Negative | Operation


@lru_cache(maxsize=512)
def parse(expression: str) -> Node:
    """The expression as a tree. Raises BadExpression."""
    if _SQL.match(expression):
        raise BadExpression(
            "Metrics Insights (SELECT …) is not offered here: name the metrics by MetricStat."
        )
    if len(expression) > MOST_CHARACTERS:
        raise BadExpression(f"The expression has more than {MOST_CHARACTERS} characters.")
    return _Parser(expression).whole()


def names_in(node: Node) -> set[str]:
    """The ids that a tree refers to."""
    return {one.name for one in _all(node) if isinstance(one, Id)}


def calls_in(node: Node) -> set[str]:
    """The functions that a tree calls."""
    return {one.name for one in _all(node) if isinstance(one, Call)}


def _all(node: Node) -> Iterator[Node]:
    """Every node of a tree; a sum of many is deep, so there is no recursion."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(_below(one))


def _below(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Listed):
        return node.items
    if isinstance(node, Negative):
        return (node.of,)
    return (node.left, node.right) if isinstance(node, Operation) else ()


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of each token; "sign" also for AND and OR."""
    place, end = 0, len(expression.rstrip())
    while place < end:
        found = _TOKEN.match(expression, place, end)
        if found is None:
            raise BadExpression(
                f"Error in expression: {expression[place:end][:40]!r} is not known."
            )
        kind, text = str(found.lastgroup), found[str(found.lastgroup)]
        place = found.end()
        if text in ("AND", "OR", *_SAME):
            yield "sign", _SAME.get(text, text)
        else:
            yield kind, text
    yield "end", ""


class _Parser:
    """Recursive descent; `_nested` bounds how deep."""

    def __init__(self, expression: str) -> None:
        self._tokens = list(_tokens(expression))
        self._place = 0
        self._nested = 0

    def whole(self) -> Node:
        node = self._or()
        if self._kind != "end":
            raise self._unexpected()
        return node

    @property
    def _kind(self) -> str:
        return self._tokens[self._place][0]

    @property
    def _text(self) -> str:
        return self._tokens[self._place][1]

    def _take(self) -> str:
        text = self._text
        self._place += 1
        return text

    def _at(self, *signs: str) -> bool:
        return self._kind == "sign" and self._text in signs

    def _expect(self, sign: str) -> None:
        if not self._at(sign):
            raise self._unexpected()
        self._place += 1

    def _unexpected(self) -> BadExpression:
        shown = f"{self._text[:40]!r} is not expected there" if self._text else "it ends too early"
        return BadExpression(f"Error in expression: {shown}.")

    def _deeper(self) -> None:
        self._nested += 1
        if self._nested > MOST_NESTED:
            raise BadExpression("Error in expression: it is nested too deeply.")

    def _or(self) -> Node:
        self._deeper()
        node = self._and()
        while self._at("OR"):
            node = Operation(self._take(), node, self._and())
        self._nested -= 1
        return node

    def _and(self) -> Node:
        node = self._comparison()
        while self._at("AND"):
            node = Operation(self._take(), node, self._comparison())
        return node

    def _comparison(self) -> Node:
        node = self._sum()
        while self._at(*_COMPARISONS):
            node = Operation(self._take(), node, self._sum())
        return node

    def _sum(self) -> Node:
        node = self._product()
        while self._at("+", "-"):
            node = Operation(self._take(), node, self._product())
        return node

    def _product(self) -> Node:
        node = self._unary()
        while self._at("*", "/"):
            node = Operation(self._take(), node, self._unary())
        return node

    def _unary(self) -> Node:
        self._deeper()
        if self._at("-"):
            self._take()
            node: Node = Negative(self._unary())
        else:
            node = self._power()
        self._nested -= 1
        return node

    def _power(self) -> Node:
        node = self._atom()
        if self._at("^"):
            self._take()
            return Operation("^", node, self._unary())
        return node

    def _atom(self) -> Node:
        if self._kind == "number":
            return Number(float(self._take()))
        if self._kind == "text":
            return Text(self._take()[1:-1])
        if self._kind == "name":
            return self._name()
        if self._at("["):
            self._take()
            return Listed(self._list("]"))
        self._expect("(")
        node = self._or()
        self._expect(")")
        return node

    def _name(self) -> Node:
        name = self._take()
        if self._at("("):
            self._take()
            return Call(name, self._list(")"))
        return Id(name) if name[0].islower() else Word(name)

    def _list(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._at(end):
            if items:
                self._expect(",")
            items.append(self._or())
        self._take()
        return tuple(items)
