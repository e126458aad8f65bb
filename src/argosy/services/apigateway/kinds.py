"""Kinds of parts that documents of APIs hold by key, and the part of a kind that a call names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from argosy.services.apigateway.errors import NotFoundException
from argosy.services.registry import Call

Document = dict[str, Any]


def _whole(call: Call, api: Document) -> Document:
    return api


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of part of an API, or of a part of one. Methods raise NotFoundException."""

    held: str
    """The member of the document that holds them."""
    member: str
    """The member of a call that names one."""
    called: str
    """What is invalid, where there is none of that name."""
    whose: Callable[[Call, Document], Document] = _whole

    def all(self, call: Call, api: Document) -> Document:
        """All of this kind, by their keys."""
        held: Document = self.whose(call, api)[self.held]
        return held

    def named(self, call: Call, api: Document) -> Document:
        """The one that the call names."""
        return part_of(self.all(call, api), call.input[self.member], self.called)

    def key(self, call: Call, api: Document) -> str:
        """The key of one that is there."""
        self.named(call, api)
        return str(call.input[self.member])

    def remove(self, call: Call, api: Document) -> None:
        del self.all(call, api)[self.key(call, api)]


def part_of(parts: Mapping[str, Any], name: str, called: str) -> Document:
    """A part by its key. Raises NotFoundException."""
    found: Document | None = parts.get(name)
    if found is None:
        raise NotFoundException(f"Invalid {called} specified")
    return found
