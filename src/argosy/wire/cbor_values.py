"""Values between CBOR's and Python's, by the shapes of a model; for RPC v2 CBOR.

What JSON has to write as text (blobs, timestamps, NaN) CBOR has as it is; all else is read as in
JSON, with the same refusals.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.model import Shape, StructureShape

from argosy.ground.errors import SerializationException
from argosy.wire import cbor, scalars, timestamps
from argosy.wire.base import wire_name
from argosy.wire.cbor import Moment
from argosy.wire.json_values import JsonReader
from argosy.wire.scalars import refuse

_KINDS = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    bytes: "a byte string",
    list: "a list",
    dict: "a structure",
    Moment: "a timestamp",
    type(None): "null",
}


def loads(body: bytes) -> Any:
    """Parsed CBOR; raises SerializationException."""
    try:
        return cbor.loads(body)
    except cbor.NotCbor as error:
        raise SerializationException(f"The body is not valid CBOR: {error}.") from None


class CborReader(JsonReader):
    """CBOR → Python. `path` names the place in refusals."""

    def _string(self, shape: Shape, value: Any, path: str) -> Any:
        self._expect(value, str, "a string", path)
        return value

    _character = _string

    def _blob(self, shape: Shape, value: Any, path: str) -> bytes:
        self._expect(value, bytes, "a byte string", path)
        return bytes(value)

    def _float(self, shape: Shape, value: Any, path: str) -> float:
        self._expect(value, (int, float), "a number", path)
        return float(value)

    _double = _float

    def _timestamp(self, shape: Shape, value: Any, path: str) -> Any:
        if isinstance(value, Moment):
            value = value.seconds
        self._expect(value, (int, float), "a timestamp", path)
        return scalars.timestamp(value, path)

    def _expect(self, value: Any, kind: type | tuple[type, ...], expected: str, path: str) -> None:
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise refuse(expected, path, _KINDS[type(value)])


class CborWriter:
    """Python → what `cbor.dumps` takes. What the shape does not know, and None, is left out."""

    def write(self, shape: Shape, value: Any) -> Any:
        method = getattr(self, "_" + shape.type_name, None)
        return method(shape, value) if method else value

    def _structure(self, shape: StructureShape, value: Mapping[str, Any]) -> dict[str, Any]:
        return {
            wire_name(member, name): self.write(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }

    def _list(self, shape: Any, value: Any) -> list[Any]:
        return [None if item is None else self.write(shape.member, item) for item in value]

    def _map(self, shape: Any, value: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: None if item is None else self.write(shape.value, item)
            for key, item in value.items()
        }

    def _blob(self, shape: Shape, value: Any) -> bytes:
        return value.encode() if isinstance(value, str) else bytes(value)

    def _float(self, shape: Shape, value: Any) -> float:
        return float(value)

    _double = _float

    def _timestamp(self, shape: Shape, value: datetime | float) -> Moment:
        seconds = timestamps.write(value, timestamps.UNIX)
        assert isinstance(seconds, float)
        return Moment(int(seconds) if seconds.is_integer() else seconds)


READER = CborReader()
WRITER = CborWriter()
