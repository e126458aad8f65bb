"""Values between JSON and Python, by the shapes of a model; for JSON 1.x and REST-JSON.

A reader's or writer's method is found by the shape's own type name.
"""

import base64
import json
import math
from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from argosy.ground.errors import SerializationException
from argosy.wire import scalars, timestamps
from argosy.wire.base import wire_name
from argosy.wire.scalars import refuse

_KINDS = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "a structure",
    type(None): "null",
}


def loads(body: bytes) -> Any:
    """Parsed JSON; raises SerializationException. NaN, Infinity and broken UTF-8 are refused."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise SerializationException("The body is not valid JSON.") from None


def dumps(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _no_constant(name: str) -> Any:
    raise ValueError(name)


class JsonReader:
    """JSON → Python. `path` names the place in refusals."""

    def read(self, shape: Shape, value: Any, path: str = "") -> Any:
        return getattr(self, "_" + shape.type_name)(shape, value, path)

    def _structure(self, shape: StructureShape, value: Any, path: str) -> Any:
        if shape.is_document_type:
            return value
        self._expect(value, dict, "a structure", path)
        result = {}
        for name, member in shape.members.items():
            given = value.get(wire_name(member, name))
            if given is not None:
                result[name] = self.read(member, given, f"{path}.{name}" if path else name)
        return result

    def _list(self, shape: ListShape, value: Any, path: str) -> list[Any]:
        self._expect(value, list, "a list", path)
        return [
            None if item is None else self.read(shape.member, item, f"{path}.{place}")
            for place, item in enumerate(value, 1)
        ]

    def _map(self, shape: MapShape, value: Any, path: str) -> dict[str, Any]:
        self._expect(value, dict, "a map", path)
        return {
            scalars.clean(key, path): None
            if item is None
            else self.read(shape.value, item, f"{path}.{key[:64]}")
            for key, item in value.items()
        }

    def _string(self, shape: Shape, value: Any, path: str) -> Any:
        self._expect(value, str, "a string", path)
        return scalars.read(shape, value, path)

    _character = _string

    def _blob(self, shape: Shape, value: Any, path: str) -> bytes:
        self._expect(value, str, "a base64 string", path)
        return scalars.blob(value, path)

    def _boolean(self, shape: Shape, value: Any, path: str) -> bool:
        self._expect(value, bool, "a boolean", path)
        return bool(value)

    def _integer(self, shape: Shape, value: Any, path: str) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        self._expect(value, int, "an integer", path)
        return scalars.bounded(shape, value, path)

    _long = _integer
    _biginteger = _integer

    def _float(self, shape: Shape, value: Any, path: str) -> float:
        if isinstance(value, str) and value in scalars.SPECIAL_FLOATS:
            return scalars.SPECIAL_FLOATS[value]
        self._expect(value, (int, float), "a number", path)
        return self._finite(value, path)

    _double = _float
    _bigdecimal = _float

    def _timestamp(self, shape: Shape, value: Any, path: str) -> Any:
        self._expect(value, (int, float, str), "a timestamp", path)
        return scalars.timestamp(
            value if isinstance(value, str) else self._finite(value, path), path
        )

    def _finite(self, value: float, path: str) -> float:
        """JSON has no infinity, but 1e999 reads as one, and no float holds 10**400."""
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise refuse("a number that fits its type", path)
        return number

    def _expect(self, value: Any, kind: type | tuple[type, ...], expected: str, path: str) -> None:
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise refuse(expected, path, _KINDS[type(value)])


class JsonWriter:
    """Python → what json.dumps takes. What the shape does not know, and None, is left out."""

    def write(self, shape: Shape, value: Any) -> Any:
        method = getattr(self, "_" + shape.type_name, None)
        return method(shape, value) if method else value

    def _structure(self, shape: StructureShape, value: Mapping[str, Any]) -> Any:
        if shape.is_document_type:
            return value
        return {
            wire_name(member, name): self.write(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }

    def _list(self, shape: ListShape, value: Any) -> list[Any]:
        return [None if item is None else self.write(shape.member, item) for item in value]

    def _map(self, shape: MapShape, value: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: None if item is None else self.write(shape.value, item)
            for key, item in value.items()
        }

    def _string(self, shape: Shape, value: Any) -> Any:
        return json.dumps(value) if shape.serialization.get("jsonvalue") else value

    def _blob(self, shape: Shape, value: Any) -> str:
        raw = value.encode() if isinstance(value, str) else value
        return base64.b64encode(raw).decode()

    def _timestamp(self, shape: Shape, value: Any) -> str | float:
        return timestamps.write(value, shape.serialization.get("timestampFormat", timestamps.UNIX))

    def _float(self, shape: Shape, value: Any) -> Any:
        return scalars.special(value) or value

    _double = _float


READER = JsonReader()
WRITER = JsonWriter()
