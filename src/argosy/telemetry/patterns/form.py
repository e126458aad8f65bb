"""What a compiled pattern is, whatever its form."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol


class Found(Protocol):
    """A message that matches."""

    def value(self, selector: str) -> Any:
        """What the selector ($.field, $field) means in this message; None where it means nothing.

        Raises BadPattern when it is no selector for this form of pattern.
        """
        ...

    def extracted(self) -> dict[str, str]:
        """The values of the fields that the pattern names, as TestMetricFilter shows them."""
        ...


class Plain:
    """A message without fields."""

    def value(self, selector: str) -> Any:
        return None

    def extracted(self) -> dict[str, str]:
        return {}


PLAIN = Plain()


@dataclass(frozen=True)
class Pattern:
    """`find` takes a message and returns None where it does not match."""

    find: Callable[[str], Found | None]
    regexes: int = 0
    has_fields: bool = False
    """Values and dimensions of metrics may be taken from fields."""
    check_selector: Callable[[str], None] = field(default=lambda selector: None)
    """Raises BadPattern for what `Found.value` would refuse."""

    def matches(self, message: str) -> bool:
        return self.find(message) is not None


def shown(value: Any) -> str:
    """A value as TestMetricFilter shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)
