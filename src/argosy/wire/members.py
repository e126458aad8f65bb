"""Values of an operation by the names of its members, whatever protocol its service speaks.

For asking an operation from inside: JSON without location names, headers or paths. Types are
checked as for a request; constraints are not (`validate`).
"""

from collections.abc import Mapping
from typing import Any

from botocore.model import Shape, StructureShape

from argosy.wire import timestamps
from argosy.wire.json_values import JsonReader, JsonWriter
from argosy.wire.service import Service


def read_members(service: Service, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """What a handler takes; raises SerializationException for a value of another type."""
    shape = service.operation(operation).input_shape
    if shape is None:
        return {}
    given: dict[str, Any] = _READER.read(shape, dict(members))
    return given


def write_members(service: Service, operation: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """What a handler returned, without what the model does not know; times in epoch seconds."""
    shape = service.operation(operation).output_shape
    if shape is None:
        return {}
    written: dict[str, Any] = _WRITER.write(shape, result)
    return written


class _Reader(JsonReader):
    def _structure(self, shape: StructureShape, value: Any, path: str) -> Any:
        if shape.is_document_type:
            return value
        self._expect(value, dict, "a structure", path)
        return {
            name: self.read(member, value[name], f"{path}.{name}" if path else name)
            for name, member in shape.members.items()
            if value.get(name) is not None
        }

    def _blob(self, shape: Shape, value: Any, path: str) -> bytes:
        return value if isinstance(value, bytes) else super()._blob(shape, value, path)


class _Writer(JsonWriter):
    def _structure(self, shape: StructureShape, value: Mapping[str, Any]) -> Any:
        if shape.is_document_type:
            return value
        return {
            name: self.write(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }

    def _blob(self, shape: Shape, value: Any) -> Any:
        return value.encode() if isinstance(value, str) else value

    def _timestamp(self, shape: Shape, value: Any) -> float:
        return float(timestamps.write(value, timestamps.UNIX))

    def _string(self, shape: Shape, value: Any) -> Any:
        return value


_READER = _Reader()
_WRITER = _Writer()
