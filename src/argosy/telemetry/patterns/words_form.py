"""Patterns in brackets, for messages that are words between spaces.

    [ip, user, ..., request = "GET *", status = 4* || status = 500, size > 1000]

What stands in quotation marks or square brackets is one word. A message needs a word for each
name; `...` stands for any number of them, and the last name takes what is left over.
"""

import re
from typing import Any

from argosy.telemetry.patterns.conditions import Reader, Test
from argosy.telemetry.patterns.errors import BadPattern
from argosy.telemetry.patterns.form import Pattern
from argosy.telemetry.patterns.lexer import tokens
from argosy.telemetry.patterns.operands import comparison

_ELLIPSIS = "..."
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r"\S+")
_SOLID = re.compile(r"\S")


def words_pattern(text: str) -> Pattern:
    """`text` with its brackets. Raises BadPattern."""
    if not text.endswith("]"):
        raise BadPattern("its closing bracket is missing")
    columns = _Columns(text[1:-1])

    def find(message: str) -> _Words | None:
        words = columns.split(message)
        if words is None or not all(test(word) for test, word in columns.tests(words)):
            return None
        return _Words(columns.named(words))

    return Pattern(find, columns.regexes, has_fields=True, check_selector=_check)


def _check(selector: str) -> None:
    if not re.fullmatch(r"\$\w+", selector):
        raise BadPattern(f"{selector[:40]!r} is no field; write $name")


class _Columns:
    """The names and tests of a pattern."""

    def __init__(self, text: str) -> None:
        self._names: list[str] = []
        self._tests: list[Test | None] = []
        self._gap: int | None = None
        reader = Reader(tokens(text), self._condition)
        while True:
            self._column(reader)
            if not reader.accept("comma"):
                break
        reader.expect("end", "a comma")
        self.regexes = reader.regexes

    def split(self, message: str) -> list[str] | None:
        """One word for each name, None where there are too few."""
        count, gap = len(self._names), self._gap
        if gap is not None:
            words = _words(message)
            if len(words) < count:
                return None
            return [*words[:gap], *words[len(words) - (count - gap) :]]
        words = _words(message, count)
        return words if len(words) == count else None

    def tests(self, words: list[str]) -> list[tuple[Test, str]]:
        pairs = zip(self._tests, words, strict=True)
        return [(test, word) for test, word in pairs if test is not None]

    def named(self, words: list[str]) -> dict[str, str]:
        """Name → word; a column without a name has its number."""
        named = zip(self._names, words, strict=True)
        return {name or str(n): word for n, (name, word) in enumerate(named, 1)}

    def _column(self, reader: Reader) -> None:
        if reader.head.kind == "word" and reader.head.text == _ELLIPSIS:
            reader.take()
            if self._gap is not None:
                raise BadPattern("... stands in it twice")
            self._gap = len(self._names)
            return
        self._name = ""
        self._tested = False
        test = None if reader.head.kind in ("comma", "end") else reader.expression()
        self._names.append(self._name)
        self._tests.append(test if self._tested else None)

    def _condition(self, reader: Reader) -> Test:
        name = reader.expect("word", "the name of a field")
        if not re.fullmatch(r"[\w*\-@.]+", name):
            raise BadPattern(f"{name[:20]!r} is no name of a field")
        if self._name and name != self._name:
            raise BadPattern(f"{self._name} and {name} are two fields; put a comma between them")
        self._name = name
        if reader.head.kind != "operator":
            if self._tested or reader.head.kind in ("and", "or"):
                raise reader.lacking("a comparison")
            return lambda word: True
        self._tested = True
        passes = comparison(reader.take().text, reader.operand())
        return lambda word: passes(word)


class _Words:
    """A message that matches."""

    def __init__(self, named: dict[str, str]) -> None:
        self._named = named

    def value(self, selector: str) -> Any:
        _check(selector)
        return self._named.get(selector[1:])

    def extracted(self) -> dict[str, str]:
        return {f"${name}": word for name, word in self._named.items()}


def _words(message: str, most: int = 0) -> list[str]:
    """The words of a message; with `most`, the last one is all that is left."""
    found: list[str] = []
    closing = -1
    at = _next(message, 0)
    while at < len(message):
        if message[at] == "[" and closing <= at:
            closing = message.find("]", at)
            closing = len(message) if closing < 0 else closing
        word, end = _word(message, at, closing)
        after = _next(message, end)
        if len(found) + 1 == most and after < len(message):
            return [*found, message[at:].rstrip()]
        found.append(word)
        at = after
    return found


def _next(message: str, at: int) -> int:
    """Where the next word begins; the length of the message where there is none."""
    match = _SOLID.search(message, at)
    return len(message) if match is None else match.start()


def _word(message: str, at: int, closing: int) -> tuple[str, int]:
    """The word that begins here, without what surrounds it, and where it ends."""
    if message[at] == '"':
        match = _QUOTED.match(message, at)
        if match is not None and _ends(message, match.end()):
            return match[1], match.end()
    if message[at] == "[" and _ends(message, closing + 1) and closing < len(message):
        return message[at + 1 : closing], closing + 1
    match = _BARE.match(message, at)
    assert match is not None
    return match[0], match.end()


def _ends(message: str, at: int) -> bool:
    return at >= len(message) or message[at].isspace()
