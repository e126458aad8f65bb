"""Numbers and truth values as texts, where an operation's model wants texts. Pure."""

from typing import Any

from argosy.wire.service import Service


def with_texts(service: Service, operation: str, members: dict[str, Any]) -> dict[str, Any]:
    """The operation's members in JSON form; a number or truth value that stands for a text is one.

    Those that the model does not know, or that are something else altogether, stay as they are.
    """
    shape = service.operation(operation).input_shape
    changed: dict[str, Any] = _of(shape, members)
    return changed


def _of(shape: Any, value: Any) -> Any:
    kind = shape.type_name if shape is not None else ""
    if kind == "structure" and isinstance(value, dict):
        return {name: _of(shape.members.get(name), inner) for name, inner in value.items()}
    if kind == "map" and isinstance(value, dict):
        return {name: _of(shape.value, inner) for name, inner in value.items()}
    if kind == "list" and isinstance(value, list):
        return [_of(shape.member, inner) for inner in value]
    if kind == "string" and isinstance(value, bool):
        return str(value).lower()
    return str(value) if kind == "string" and isinstance(value, int | float) else value
