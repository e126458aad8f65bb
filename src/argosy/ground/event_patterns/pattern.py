"""A whole event pattern: its names, how they nest, alternatives by "$or". Pure.

Of an array of objects in the event, one object has to fit all that a pattern asks for below it.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from argosy.ground.event_patterns.comparing import BadPattern
from argosy.ground.event_patterns.conditions import KEYWORDS, Condition, condition
from argosy.ground.event_patterns.values import loads, scalars_of

MOST_BYTES = 64 * 1024
_MOST_LEVELS = 32
_MOST_CONDITIONS = 2000
_OR = "$or"


@dataclass
class EventPattern:
    """What an object of a pattern asks for; the whole pattern is one of them."""

    leaves: dict[str, list[Condition]] = field(default_factory=dict)
    deeper: dict[str, "EventPattern"] = field(default_factory=dict)
    alternatives: list["EventPattern"] = field(default_factory=list)

    def matches(self, event: Any) -> bool:
        """Whether it fits an event: what `loads` has read, or plain JSON values."""
        facts = event if isinstance(event, dict) else {}
        return (
            all(_leaf(facts.get(name, []), wanted) for name, wanted in self.leaves.items())
            and all(_below(facts.get(name), wanted) for name, wanted in self.deeper.items())
            and (not self.alternatives or any(one.matches(facts) for one in self.alternatives))
        )


@lru_cache(maxsize=1024)
def parse(text: str) -> EventPattern:
    """The pattern that a JSON text says. Raises BadPattern."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise BadPattern("The pattern is too large")
    try:
        asked = loads(text)
    except (ValueError, RecursionError):
        raise BadPattern("The pattern is not valid JSON") from None
    return _Reader().fields(asked, 1)


class _Reader:
    """JSON → fields, counting conditions on the way."""

    def __init__(self) -> None:
        self._conditions = 0

    def fields(self, asked: Any, level: int) -> EventPattern:
        if not isinstance(asked, dict):
            raise BadPattern("Filter is not an object")
        if not asked:
            raise BadPattern("Empty objects are not allowed")
        if level > _MOST_LEVELS:
            raise BadPattern(f"Objects are nested more than {_MOST_LEVELS} levels deep")
        made = EventPattern()
        for name, below in asked.items():
            self._field(made, name, below, level)
        return made

    def _field(self, made: EventPattern, name: str, below: Any, level: int) -> None:
        if name == _OR and _is_alternatives(below):
            made.alternatives = [self.fields(one, level) for one in below]
        elif isinstance(below, list):
            made.leaves[name] = self._leaf(below)
        elif isinstance(below, dict):
            made.deeper[name] = self.fields(below, level + 1)
        else:
            raise BadPattern(f'"{name[:64]}" must be an object or an array')

    def _leaf(self, asked: list[Any]) -> list[Condition]:
        if not asked:
            raise BadPattern("Empty arrays are not allowed")
        self._conditions += len(asked)
        if self._conditions > _MOST_CONDITIONS:
            raise BadPattern("Rule is too complex - try using fewer conditions")
        return [condition(one) for one in asked]


def _is_alternatives(below: Any) -> bool:
    """At least two objects of names; anything else is a field that happens to be called $or."""
    return (
        isinstance(below, list)
        and len(below) > 1
        and all(isinstance(one, dict) and one and not set(one) & KEYWORDS for one in below)
    )


def _leaf(value: Any, wanted: list[Condition]) -> bool:
    values = scalars_of(value)
    return any(one(values) for one in wanted)


def _below(value: Any, wanted: EventPattern) -> bool:
    if isinstance(value, list):
        objects = [one for one in value if isinstance(one, dict)]
        return any(wanted.matches(one) for one in objects or [{}])
    return wanted.matches(value)
