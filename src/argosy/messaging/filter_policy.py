"""Filter policies of subscriptions: which messages a subscriber wants. Pure.

    matches = parse('{"store": ["a"], "price": [{"numeric": [">", 10]}]}', BODY)
    matches({"store": "a", "price": 12})       # True

All names of a policy must fit, and of a name's conditions one; "$or" holds alternatives. On the
body, names nest, and a list in the message fits when one of its items does. Source: Amazon SNS
Developer Guide, "Filter policies" and its constraints (5 names, 150 combinations, 256 KiB).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from argosy.ground.errors import InvalidParameter
from argosy.ground.event_patterns import BadPattern
from argosy.messaging.filter_conditions import Condition, Values, condition

ATTRIBUTES = "MessageAttributes"
BODY = "MessageBody"
SCOPES = (ATTRIBUTES, BODY)

_MOST_NAMES = 5
_MOST_COMBINATIONS = 150
_MOST_BYTES = 256 * 1024
_MOST_LEVELS = 32

Facts = Mapping[str, Any]
Matcher = Callable[[Facts], bool]

_MISSING = object()


@dataclass
class _Fields:
    """What an object of a policy asks for: conditions or deeper objects by name, alternatives."""

    leaves: dict[str, list[Condition]] = field(default_factory=dict)
    deeper: dict[str, "_Fields"] = field(default_factory=dict)
    alternatives: list["_Fields"] = field(default_factory=list)
    combinations: int = 1

    def match(self, facts: Facts) -> bool:
        return (
            all(_leaf(facts.get(name, _MISSING), wanted) for name, wanted in self.leaves.items())
            and all(_below(facts.get(name), wanted) for name, wanted in self.deeper.items())
            and (not self.alternatives or any(one.match(facts) for one in self.alternatives))
        )


@lru_cache(maxsize=1024)
def parse(text: str, scope: str = ATTRIBUTES) -> Matcher:
    """What the policy says of a message's attributes (name → list of values) or its parsed body.

    Raises InvalidParameter, with SNS's own words where they are known.
    """
    if len(text.encode()) > _MOST_BYTES:
        raise _refused("Filter policy is too large")
    try:
        policy = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _refused("failed to parse JSON.") from None
    try:
        fields = _Reader(nests=scope == BODY).fields(policy, 1)
    except BadPattern as error:
        raise _refused(str(error)) from None
    if fields.combinations > _MOST_COMBINATIONS:
        raise _refused("Filter policy is too complex")
    return fields.match


class _Reader:
    """JSON → fields, counting names on the way."""

    def __init__(self, nests: bool) -> None:
        self._nests = nests
        self._names = 0

    def fields(self, policy: Any, level: int) -> _Fields:
        if not isinstance(policy, dict):
            raise BadPattern("Filter policy must be a JSON object")
        if level > _MOST_LEVELS:
            raise BadPattern("Filter policy is nested too deeply")
        made = _Fields()
        for name, asked in policy.items():
            self._field(made, name, asked, level)
        return made

    def _field(self, made: _Fields, name: str, asked: Any, level: int) -> None:
        if name == "$or" and _is_or(asked):
            made.alternatives = [self.fields(one, level) for one in asked]
            made.combinations *= sum(one.combinations for one in made.alternatives)
        elif isinstance(asked, list):
            made.leaves[name] = self._leaf(name, asked)
            made.combinations *= len(asked) * level
        elif isinstance(asked, dict) and self._nests:
            below = made.deeper[name] = self.fields(asked, level + 1)
            made.combinations *= below.combinations
        else:
            raise BadPattern(f'"{name[:64]}" must be an object or an array')

    def _leaf(self, name: str, asked: list[Any]) -> list[Condition]:
        if not asked:
            raise BadPattern(f'Empty arrays are not allowed: "{name[:64]}"')
        self._names += 1
        if self._names > _MOST_NAMES:
            raise BadPattern("Filter policy can not have more than 5 keys")
        return [condition(one) for one in asked]


def _is_or(asked: Any) -> bool:
    """At least two objects; anything else is a field that happens to be called $or."""
    return (
        isinstance(asked, list) and len(asked) > 1 and all(isinstance(one, dict) for one in asked)
    )


def _leaf(value: Any, wanted: list[Condition]) -> bool:
    values = _values(value)
    return any(one(values) for one in wanted)


def _values(value: Any) -> Values:
    """What lies under a name as a list of scalars; None when there is nothing to look at."""
    if value is _MISSING or isinstance(value, Mapping):
        return None
    if isinstance(value, list):
        return [one for one in value if not isinstance(one, list | Mapping)]
    return [value]


def _below(value: Any, wanted: _Fields) -> bool:
    if isinstance(value, list):
        return any(wanted.match(one) for one in value if isinstance(one, Mapping))
    return wanted.match(value if isinstance(value, Mapping) else {})


def _refused(why: str) -> InvalidParameter:
    return InvalidParameter(f"Invalid parameter: FilterPolicy: {why}")


def _no_constant(name: str) -> Any:
    raise ValueError(name)
