"""The scalars of an event: strings, booleans, null, and numbers that remember how they are written.

"300, 300.0 and 3.0e2 are not considered equal" (EventBridge User Guide): a pattern's number is
compared by its text, and by its value only in ranges.
"""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Number:
    """A number as a JSON text has it."""

    text: str

    @property
    def value(self) -> float:
        return float(self.text)


def loads(text: str | bytes) -> Any:
    """JSON with every number as a Number. Raises ValueError, RecursionError for what is none."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_no_constant)


def number_of(value: Any) -> Number | None:
    """The number that a value is, read with its text or plain; None for anything else."""
    if isinstance(value, Number):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Number(json.dumps(value))
    return None


def scalars_of(value: Any) -> list[Any]:
    """What lies at a leaf: a scalar, or those of an array however deep; [] where there is none."""
    found, waiting = [], [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += reversed(one)
        elif not isinstance(one, dict):
            found.append(one)
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
