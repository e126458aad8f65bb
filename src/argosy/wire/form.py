"""Values out of a query-protocol form: `Prefix.member.1.Name=value` by the shapes of a model."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import ListShape, MapShape, Shape, StructureShape

from argosy.ground.errors import SerializationException
from argosy.wire import scalars
from argosy.wire.base import wire_name
from argosy.wire.scalars import refuse

_MAX_FIELDS = 10_000
_MAX_DEPTH = 64


@dataclass
class Node:
    """One step of dotted names: what is said here, and what lies below."""

    text: str | None = None
    below: dict[str, "Node"] = field(default_factory=dict)

    def numbered(self) -> list["Node"]:
        """What lies below 1, 2, …, in that order, gaps closed; other names are passed over."""
        places = [int(name) for name in self.below if name.isdecimal() and len(name) < 10]
        return [self.below[str(place)] for place in sorted(set(places)) if str(place) in self.below]


def fields(*texts: str) -> dict[str, str]:
    """Names and values of url-encoded texts (query string, body); the last of a name wins."""
    try:
        pairs = [
            pair
            for text in texts
            for pair in parse_qsl(
                text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
            )
        ]
    except ValueError:
        raise SerializationException("The body is not a valid URL-encoded form.") from None
    return dict(pairs)


def tree(given: dict[str, str]) -> Node:
    """The dotted names as a tree."""
    root = Node()
    for name, text in given.items():
        steps = name.split(".")
        if len(steps) > _MAX_DEPTH:
            raise SerializationException("A parameter's name is nested too deeply.")
        node = root
        for step in steps:
            node = node.below.setdefault(step, Node())
        node.text = text
    return root


class FormReader:
    """Form → Python; a method is found by the shape's type name, scalars by default."""

    def read(self, shape: Shape, node: Node, path: str = "") -> Any:
        method = getattr(self, "_" + shape.type_name, None)
        if method is not None:
            return method(shape, node, path)
        if node.text is None:
            raise refuse(f"a single {shape.type_name}", path)
        return scalars.read(shape, node.text, path)

    def _structure(self, shape: StructureShape, node: Node, path: str) -> dict[str, Any]:
        result = {}
        for name, member in shape.members.items():
            below = node.below.get(wire_name(member, name)) or node.below.get(_item(member, name))
            if below is not None:
                result[name] = self.read(member, below, f"{path}.{name}" if path else name)
        return result

    def _list(self, shape: ListShape, node: Node, path: str) -> list[Any]:
        if not shape.serialization.get("flattened"):
            node = node.below.get(wire_name(shape.member, "member"), Node())
        return [
            self.read(shape.member, item, f"{path}.{place}")
            for place, item in enumerate(node.numbered(), 1)
        ]

    def _map(self, shape: MapShape, node: Node, path: str) -> dict[str, Any]:
        if not shape.serialization.get("flattened"):
            node = node.below.get("entry", Node())
        key_name, value_name = wire_name(shape.key, "key"), wire_name(shape.value, "value")
        result = {}
        for entry in node.numbered():
            key = entry.below.get(key_name, Node()).text
            if key is None or value_name not in entry.below:
                raise refuse(f"{key_name} and {value_name} in every entry", path)
            clean = scalars.clean(key, path)
            result[clean] = self.read(shape.value, entry.below[value_name], f"{path}.{key[:64]}")
        return result


def _item(member: Shape, name: str) -> str:
    """Botocore calls a flattened list by its items' name, others by the member's."""
    if member.type_name == "list" and member.serialization.get("flattened"):
        return wire_name(member.member, name)
    return name


READER = FormReader()
