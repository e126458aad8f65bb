"""Values between XML and Python, by the shapes of a model; for REST-XML and query answers.

Document types and entities are refused before parsing: no request of AWS's has any.
"""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, fromstring, tostring

from botocore.model import ListShape, MapShape, Shape, StructureShape

from argosy.ground.errors import SerializationException
from argosy.wire import scalars, timestamps
from argosy.wire.base import goes_in_head, wire_name
from argosy.wire.scalars import refuse

# What XML 1.0 cannot hold in any form.
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def loads(body: bytes) -> Element:
    """The root element; raises SerializationException."""
    try:
        text = body.decode("utf-8-sig")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise SerializationException("The body must not declare a document type.")
        return fromstring(text)
    except (ParseError, ValueError):
        raise SerializationException("The body is not well-formed XML.") from None


def dumps(root: Element) -> bytes:
    body = tostring(root, encoding="utf-8", xml_declaration=True)
    # A bare carriage return would come out of a parser as a line feed.
    return bytes(body.replace(b"\r", b"&#13;"))


def local(name: str) -> str:
    """A name without namespace or prefix."""
    return name.rpartition("}")[2].rpartition(":")[2]


def element(parent: Element | None, shape: Shape, name: str) -> Element:
    """A new element with the shape's namespace."""
    made = Element(name) if parent is None else SubElement(parent, name)
    namespace = shape.serialization.get("xmlNamespace")
    if namespace:
        uri = namespace if isinstance(namespace, str) else namespace["uri"]
        prefix = "" if isinstance(namespace, str) else namespace.get("prefix", "")
        made.set(f"xmlns:{prefix}" if prefix else "xmlns", uri)
    return made


def text_element(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _UNSPEAKABLE.sub("\ufffd", text)


class XmlReader:
    """XML → Python. `nodes` are the elements that carry one member's name: one, or as many as
    a flattened list or map has items."""

    def read(self, shape: Shape, nodes: list[Element], path: str = "") -> Any:
        method = getattr(self, "_" + shape.type_name, None)
        if method is not None:
            return method(shape, nodes, path)
        if len(nodes[0]):
            raise refuse(f"a single {shape.type_name}", path)
        return scalars.read(shape, nodes[0].text or "", path)

    def _structure(self, shape: StructureShape, nodes: list[Element], path: str) -> dict[str, Any]:
        children: dict[str, list[Element]] = {}
        for child in nodes[0]:
            children.setdefault(local(child.tag), []).append(child)
        attributes = {local(name): text for name, text in nodes[0].attrib.items()}
        result = {}
        for name, member in shape.members.items():
            if member.serialization.get("location"):
                continue
            place = f"{path}.{name}" if path else name
            if member.serialization.get("xmlAttribute"):
                text = attributes.get(local(wire_name(member, name)))
                if text is not None:
                    result[name] = scalars.read(member, text, place)
                continue
            found = children.get(wire_name(member, name)) or children.get(item_name(member, name))
            if found:
                result[name] = self.read(member, found, place)
        return result

    def _list(self, shape: ListShape, nodes: list[Element], path: str) -> list[Any]:
        items = nodes if shape.serialization.get("flattened") else list(nodes[0])
        return [
            self.read(shape.member, [item], f"{path}.{place}")
            for place, item in enumerate(items, 1)
        ]

    def _map(self, shape: MapShape, nodes: list[Element], path: str) -> dict[str, Any]:
        entries = nodes if shape.serialization.get("flattened") else list(nodes[0])
        key_name, value_name = wire_name(shape.key, "key"), wire_name(shape.value, "value")
        result = {}
        for entry in entries:
            parts = {local(part.tag): part for part in entry}
            if key_name not in parts or value_name not in parts:
                raise refuse(f"{key_name} and {value_name} in every entry", path)
            key = parts[key_name].text or ""
            result[key] = self.read(shape.value, [parts[value_name]], f"{path}.{key[:64]}")
        return result


class XmlWriter:
    """Python → elements below `parent`. What the shape does not know, and None, is left out."""

    def write(self, parent: Element, shape: Shape, name: str, value: Any) -> None:
        method = getattr(self, "_" + shape.type_name, None)
        if method is not None:
            method(parent, shape, name, value)
            return
        if shape.type_name == "blob" and isinstance(value, str):
            value = value.encode()
        text = scalars.write(shape, value, timestamps.ISO)
        element(parent, shape, name).text = _UNSPEAKABLE.sub("\ufffd", text)

    def members(self, into: Element, shape: StructureShape, value: Mapping[str, Any]) -> None:
        """Write a structure's members into an element that is there already."""
        for name, member in shape.members.items():
            if value.get(name) is None or goes_in_head(member):
                continue
            called = wire_name(member, name)
            if member.serialization.get("xmlAttribute"):
                into.set(called, scalars.write(member, value[name], timestamps.ISO))
            else:
                self.write(into, member, item_name(member, name), value[name])

    def _structure(
        self, parent: Element, shape: StructureShape, name: str, value: Mapping[str, Any]
    ) -> None:
        self.members(element(parent, shape, name), shape, value)

    def _list(self, parent: Element, shape: ListShape, name: str, value: Any) -> None:
        if shape.serialization.get("flattened"):
            into, item = parent, name
        else:
            into, item = element(parent, shape, name), wire_name(shape.member, "member")
        for one in value:
            self.write(into, shape.member, item, one)

    def _map(self, parent: Element, shape: MapShape, name: str, value: Mapping[str, Any]) -> None:
        flattened = shape.serialization.get("flattened")
        into = parent if flattened else element(parent, shape, name)
        for key, one in value.items():
            entry = SubElement(into, name if flattened else "entry")
            self.write(entry, shape.key, wire_name(shape.key, "key"), key)
            self.write(entry, shape.value, wire_name(shape.value, "value"), one)


def item_name(member: Shape, name: str) -> str:
    """What a member's element is called: a flattened list goes by its items' own name."""
    if member.type_name == "list" and member.serialization.get("flattened"):
        return wire_name(member.member, wire_name(member, name))
    return wire_name(member, name)


READER = XmlReader()
WRITER = XmlWriter()
