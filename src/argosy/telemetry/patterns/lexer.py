"""The parts of a pattern in braces or brackets."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from argosy.telemetry.patterns.errors import BadPattern


class Token(NamedTuple):
    """kind: word, quoted, regex, operator, and, or, open, close, comma, selector, end."""

    kind: str
    text: str


_TOKENS = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<and>&&)
    | (?P<or>\|\|)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<comma>,)
    | (?P<operator><=|>=|!=|=|<|>)
    | "(?P<quoted>(?:[^"\\]|\\.)*)"
    | %(?P<regex>(?:[^%\\]|\\.)*)%
    | (?P<selector>\$(?:\.?\[[^\]]*\]|\.[^\s\[\]()=<>!&|,."]+)*)
    | (?P<word>(?:[^\s()=<>!&|,"%$\[\]{}]|[$!&|](?![=&|]))+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of the text, and one of kind "end". Raises BadPattern."""
    at = 0
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None or match.end() == at:
            raise BadPattern(f"{text[at : at + 20]!r} is not understood")
        at = match.end()
        kind = str(match.lastgroup)
        if kind == "quoted":
            yield Token(kind, _ESCAPED.sub(r"\1", match[kind]))
        elif kind != "space":
            yield Token(kind, match[kind])
    yield Token("end", "")
