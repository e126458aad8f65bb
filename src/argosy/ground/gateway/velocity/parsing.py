"""Reads a template: by recursive descent, in one pass over its text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from argosy.ground.gateway.velocity.expressions import Reader
from argosy.ground.gateway.velocity.nodes import (
    Break,
    Expression,
    ForEach,
    If,
    Leave,
    Literal,
    Part,
    Scope,
    Set,
    Stop,
    Text,
    render,
)
from argosy.ground.gateway.velocity.values import TemplateError

_NAMES = "set|if|elseif|else|end|foreach|break|stop"
_DIRECTIVE = re.compile(rf"#(?:({_NAMES})\b|\{{({_NAMES})\}})")
_REFUSED = re.compile(r"#\{?(macro|include|parse|define|evaluate)\b")
_PLAIN = re.compile(r"[^#$\\]+")
_SPACE_TO_END = re.compile(r"[ \t]*\r?\n")
_MOST_DEPTH = 50
_ENDS = ("end", "else", "elseif")


@dataclass(frozen=True)
class Template:
    """A template that was understood."""

    parts: Sequence[Part]

    def render(self, names: dict[str, Any]) -> str:
        """What it writes, given what it may speak of. Raises TemplateError."""
        scope = Scope(dict(names))
        try:
            render(self.parts, scope)
        except (Stop, Break):
            pass
        except RecursionError:
            raise TemplateError("the template is nested too deeply") from None
        return "".join(scope.written)


def parse(text: str) -> Template:
    """Raises TemplateError, which says where."""
    reader = _TemplateReader(text)
    parts = reader.parts(())
    return Template(parts)


class _TemplateReader(Reader):
    def __init__(self, text: str) -> None:
        super().__init__(text, _inner)
        self._depth = 0
        self._ended = ""

    def parts(self, until: tuple[str, ...]) -> list[Part]:
        """What comes until one of these directives, which is read too and kept in `_ended`."""
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise self.wrong("the template is nested too deeply")
        found: list[Part] = []
        while self.at < len(self.text):
            if self._one(found, until):
                self._depth -= 1
                return found
        if until:
            raise self.wrong("#end is missing")
        self._depth -= 1
        return found

    def _one(self, found: list[Part], until: tuple[str, ...]) -> bool:
        """Read one part; True when it was one of `until`."""
        plain = self.match(_PLAIN)
        if plain is not None:
            found.append(Text(plain.group()))
            return False
        char = self.text[self.at]
        if char == "$":
            part = self.reference()
            found.append(part if part is not None else self._single())
            return False
        if char == "#":
            return self._hash(found, until)
        found.append(self._backslash())
        return False

    def _hash(self, found: list[Part], until: tuple[str, ...]) -> bool:
        if self._comment(found):
            return False
        refused = _REFUSED.match(self.text, self.at)
        if refused is not None:
            raise self.wrong(f"#{refused.group(1)} is not offered")
        directive = self.match(_DIRECTIVE)
        if directive is None:
            found.append(self._single())
            return False
        name = directive.group(1) or directive.group(2)
        if name in _ENDS:
            if name not in until:
                raise self.wrong(f"#{name} stands alone")
            self._ended = name
            return True
        found.append(self._directive(name))
        return False

    def _directive(self, name: str) -> Part:
        if name in ("break", "stop"):
            return Leave(Break if name == "break" else Stop)
        if name == "set":
            return self._set()
        return self._if() if name == "if" else self._foreach()

    def _set(self) -> Part:
        self.expect("(")
        target = self.needed_reference()
        self.expect("=")
        value = self.expression()
        self.expect(")")
        self.match(_SPACE_TO_END)
        return Set(target, value)

    def _if(self) -> Part:
        branches: list[tuple[Expression, Sequence[Part]]] = []
        condition = self._condition()
        while True:
            branches.append((condition, self.parts(_ENDS)))
            if self._ended == "end":
                return If(branches)
            if self._ended == "elseif":
                condition = self._condition()
                continue
            branches.append((Literal(True), self.parts(("end",))))
            return If(branches)

    def _condition(self) -> Expression:
        self.expect("(")
        found = self.expression()
        self.expect(")")
        self.match(_SPACE_TO_END)
        return found

    def _foreach(self) -> Part:
        self.expect("(")
        item = self.needed_reference()
        self.expect("in")
        over = self.expression()
        self.expect(")")
        self.match(_SPACE_TO_END)
        return ForEach(item.name, over, self.parts(("end",)))

    def _comment(self, found: list[Part]) -> bool:
        for begins, ends, keep in (("#[[", "]]#", True), ("#*", "*#", False), ("##", "\n", False)):
            if self.text.startswith(begins, self.at):
                place = self.text.find(ends, self.at)
                stop = len(self.text) if place < 0 else place
                if keep:
                    found.append(Text(self.text[self.at + len(begins) : stop]))
                self.at = min(stop + len(ends), len(self.text))
                return True
        return False

    def _backslash(self) -> Text:
        """A sign that is not to be read as one."""
        after = self.text[self.at + 1 : self.at + 2]
        if after in ("$", "#") and after:
            self.at += 2
            return Text(after)
        return self._single()

    def _single(self) -> Text:
        self.at += 1
        return Text(self.text[self.at - 1])


def _inner(text: str) -> Sequence[Part]:
    return _TemplateReader(text).parts(())
