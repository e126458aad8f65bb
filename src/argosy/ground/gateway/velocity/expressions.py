"""Reads references and expressions of a template."""

import re
from collections.abc import Callable, Sequence

from argosy.ground.gateway.velocity.nodes import (
    Expression,
    Interpolated,
    ListOf,
    Literal,
    MapOf,
    Not,
    Operation,
    Part,
    Range,
    Reference,
    Step,
)
from argosy.ground.gateway.velocity.values import TemplateError

_NAME = re.compile(r"[A-Za-z_][\w-]*")
_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*")
_SPACE = re.compile(r"\s*")
_NUMBER = re.compile(r"-?\d+(\.\d+(?!\.))?")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.|"")*)"', re.S)
_WORDS = {"true": True, "false": False, "null": None}
_SIGNS = (
    (("||", "||"), ("or", "||")),
    (("&&", "&&"), ("and", "&&")),
    (("==", "=="), ("!=", "!="), ("eq", "=="), ("ne", "!=")),
    (
        ("<=", "<="),
        (">=", ">="),
        ("<", "<"),
        (">", ">"),
        ("le", "<="),
        ("ge", ">="),
        ("lt", "<"),
        ("gt", ">"),
    ),
    (("+", "+"), ("-", "-")),
    (("*", "*"), ("/", "/"), ("%", "%")),
)
"""Loosest first: how a sign is written, and what it is."""
_MOST_DEPTH = 50


class Reader:
    """A text and how far it was read; `inner` reads what stands in double quotes."""

    def __init__(self, text: str, inner: Callable[[str], Sequence[Part]]) -> None:
        self.text = text
        self.at = 0
        self._inner = inner
        self._nested = 0

    def wrong(self, message: str) -> TemplateError:
        """The error, with the line where it was found."""
        return TemplateError(f"line {self.text.count(chr(10), 0, self.at) + 1}: {message}")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read on over what the pattern matches here."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def take(self, sign: str) -> bool:
        """Read on over a sign, spaces before it included; False when it does not stand here."""
        before = self.at
        self.match(_SPACE)
        end = self.at + len(sign)
        word = sign[0].isalpha() and self.text[end : end + 1].isalnum()
        if self.text.startswith(sign, self.at) and not word:
            self.at = end
            return True
        self.at = before
        return False

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise self.wrong(f"{sign} is missing")

    # -- references

    def needed_reference(self) -> Reference:
        """A reference where nothing else may stand."""
        self.match(_SPACE)
        found = self.reference()
        if found is None:
            raise self.wrong("a reference is missing")
        return found

    def reference(self) -> Reference | None:
        """The reference that begins here; None when the $ is only a sign."""
        start = self.at
        if not self.text.startswith("$", start):
            return None
        self.at += 1
        quiet = self._plain("!")
        braced = self._plain("{")
        name = self.match(_PLAIN_NAME)
        if name is None:
            self.at = start
            return None
        steps: list[Step] = []
        while (step := self._step()) is not None:
            steps.append(step)
        if braced and not self._plain("}"):
            raise self.wrong("} is missing")
        return Reference(name.group(), steps, self.text[start : self.at], quiet)

    def _plain(self, sign: str) -> bool:
        if self.text.startswith(sign, self.at):
            self.at += len(sign)
            return True
        return False

    def _step(self) -> Step | None:
        before = self.at
        if self._plain("["):
            index = self.expression()
            self.expect("]")
            return Step(index=index)
        if not self._plain("."):
            return None
        name = self.match(_NAME)
        if name is None:
            self.at = before
            return None
        if not self._plain("("):
            return Step(name.group())
        return Step(name.group(), self._several(")"))

    def _several(self, end: str) -> list[Expression]:
        found: list[Expression] = []
        if self.take(end):
            return found
        while True:
            found.append(self.expression())
            if self.take(end):
                return found
            self.expect(",")

    # -- expressions

    def expression(self, level: int = 0) -> Expression:
        """An expression whose signs bind at least as tightly as `level`. Raises TemplateError."""
        if level == len(_SIGNS):
            return self._unary()
        left = self.expression(level + 1)
        while (sign := self._sign(level)) is not None:
            left = Operation(sign, left, self.expression(level + 1))
        return left

    def _sign(self, level: int) -> str | None:
        for written, sign in _SIGNS[level]:
            if self.take(written):
                return sign
        return None

    def _unary(self) -> Expression:
        self._nested += 1
        if self._nested > _MOST_DEPTH:
            raise self.wrong("an expression is nested too deeply")
        try:
            if self.take("!") or self.take("not"):
                return Not(self._unary())
            if self.take("("):
                inner = self.expression()
                self.expect(")")
                return inner
            return self._value()
        finally:
            self._nested -= 1

    def _value(self) -> Expression:
        self.match(_SPACE)
        reference = self.reference()
        if reference is not None:
            return reference
        if self._plain("["):
            return self._list()
        if self._plain("{"):
            return self._map()
        return self._literal()

    def _literal(self) -> Expression:
        number = self.match(_NUMBER)
        if number is not None:
            text = number.group()
            return Literal(float(text) if "." in text else int(text[:300]))
        single = self.match(_SINGLE)
        if single is not None:
            return Literal(single.group(1))
        double = self.match(_DOUBLE)
        if double is not None:
            return Interpolated(self._inner(double.group(1).replace('""', '"')))
        word = self.match(_PLAIN_NAME)
        if word is not None and word.group() in _WORDS:
            return Literal(_WORDS[word.group()])
        raise self.wrong("a value is missing")

    def _list(self) -> Expression:
        if self.take("]"):
            return ListOf([])
        first = self.expression()
        if self.take(".."):
            last = self.expression()
            self.expect("]")
            return Range(first, last)
        if self.take("]"):
            return ListOf([first])
        self.expect(",")
        return ListOf([first, *self._several("]")])

    def _map(self) -> Expression:
        items: list[tuple[Expression, Expression]] = []
        if self.take("}"):
            return MapOf(items)
        while True:
            key = self.expression()
            self.expect(":")
            items.append((key, self.expression()))
            if self.take("}"):
                return MapOf(items)
            self.expect(",")
