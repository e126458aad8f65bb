"""Conditions joined by && and ||, with parentheses; && binds closer.

A condition is a test of a whole message in whatever form the caller reads it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from argosy.telemetry.patterns.errors import BadPattern
from argosy.telemetry.patterns.lexer import Token
from argosy.telemetry.patterns.operands import Operand, operand_of

Test = Callable[[Any], bool]

_DEEPEST = 30


class Reader:
    """Goes through tokens; `condition` reads one condition and is given by the form of pattern."""

    def __init__(self, given: Iterator[Token], condition: Callable[["Reader"], Test]) -> None:
        self._given = given
        self._condition = condition
        self._depth = 0
        self.regexes = 0
        self.head = next(given)

    def take(self) -> Token:
        """The token at the head; moves on."""
        token = self.head
        if token.kind != "end":
            self.head = next(self._given)
        return token

    def accept(self, kind: str, text: str = "") -> bool:
        """Move over a token if it is this one."""
        if self.head.kind != kind or (text and self.head.text != text):
            return False
        self.take()
        return True

    def expect(self, kind: str, what: str) -> str:
        """The text of a token that has to be there. Raises BadPattern."""
        if self.head.kind != kind:
            raise self.lacking(what)
        return self.take().text

    def lacking(self, what: str) -> BadPattern:
        there = repr(self.head.text) if self.head.kind != "end" else "its end"
        return BadPattern(f"{what} should stand before {there}")

    def operand(self) -> Operand:
        """A number, a text or a regular expression. Raises BadPattern."""
        if self.head.kind not in ("word", "quoted", "regex"):
            raise self.lacking("a value")
        found = operand_of(*self.take())
        self.regexes += found.is_regex
        return found

    def expression(self) -> Test:
        """Conditions as far as they go. Raises BadPattern."""
        tests = [self._all()]
        while self.accept("or"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self.accept("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)

    def _one(self) -> Test:
        if not self.accept("open"):
            return self._condition(self)
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadPattern(f"parentheses are more than {_DEEPEST} deep")
        test = self.expression()
        self.expect("close", "a closing parenthesis")
        self._depth -= 1
        return test
