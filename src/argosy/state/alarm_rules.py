"""The rules of composite alarms: what AlarmRule says of the states of other alarms. Pure.

    (ALARM("cpu high") OR ALARM(disk)) AND NOT OK(arn:aws:cloudwatch:…:alarm:network)

Source: CloudWatch User Guide, "Creating a composite alarm"; at most 100 alarms and 500 elements.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

MOST_ALARMS = 100
MOST_ELEMENTS = 500
_MOST_NESTED = 50

_TOKEN = re.compile(
    r"\s*(?:(?P<sign>[()])|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<name>[^\s()\"',]+))"
)
_STATES = {"ALARM": "ALARM", "OK": "OK", "INSUFFICIENT_DATA": "INSUFFICIENT_DATA"}

Test = Callable[[Mapping[str, str]], bool]


class BadRule(ValueError):
    """The rule cannot be read; the message says why."""


@dataclass(frozen=True)
class Rule:
    """A rule that was read."""

    alarms: frozenset[str]
    """The names of the alarms that it looks at."""
    holds: Test
    """Whether it holds, by the states of alarms; one that is not there is in no state."""


def name_of(text: str) -> str:
    """The alarm's name, where its ARN may stand instead."""
    return text.split(":", 6)[-1] if text.startswith("arn:") else text


def read(rule: str) -> Rule:
    """Raises BadRule."""
    reader = _Reader(rule)
    holds = reader.whole()
    return Rule(frozenset(reader.alarms), holds)


def _tokens(rule: str) -> Iterator[tuple[str, str]]:
    place, end = 0, len(rule.rstrip())
    while place < end:
        found = _TOKEN.match(rule, place, end)
        if found is None:
            raise BadRule(f"AlarmRule: {rule[place:end][:40]!r} cannot be read")
        kind = str(found.lastgroup)
        yield kind, found[kind]
        place = found.end()
    yield "end", ""


class _Reader:
    """Recursive descent: or → and ("OR" and)*, and → not ("AND" not)*, not → "NOT" not | atom."""

    def __init__(self, rule: str) -> None:
        self._tokens = list(_tokens(rule))
        self._place = 0
        self._nested = 0
        self._elements = 0
        self.alarms: set[str] = set()

    def whole(self) -> Test:
        test = self._or()
        if self._tokens[self._place][0] != "end":
            raise self._unexpected()
        return test

    def _take(self) -> tuple[str, str]:
        token = self._tokens[self._place]
        if token[0] != "end":
            self._place += 1
        return token

    def _at(self, word: str) -> bool:
        kind, text = self._tokens[self._place]
        return kind == "name" and text.upper() == word

    def _unexpected(self) -> BadRule:
        _, text = self._tokens[self._place]
        return BadRule(
            f"AlarmRule: {text[:40]!r} is not expected there"
            if text
            else "AlarmRule ends too early"
        )

    def _element(self) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise BadRule(f"AlarmRule has more than {MOST_ELEMENTS} elements")

    def _or(self) -> Test:
        self._deeper()
        tests = [self._and()]
        while self._at("OR"):
            self._take()
            tests.append(self._and())
        self._nested -= 1
        return tests[0] if len(tests) == 1 else lambda states: any(one(states) for one in tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._at("AND"):
            self._take()
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda states: all(one(states) for one in tests)

    def _not(self) -> Test:
        if not self._at("NOT"):
            return self._atom()
        self._deeper()
        self._take()
        test = self._not()
        self._nested -= 1
        return lambda states: not test(states)

    def _deeper(self) -> None:
        self._nested += 1
        if self._nested > _MOST_NESTED:
            raise BadRule("AlarmRule is nested too deeply")

    def _atom(self) -> Test:
        self._element()
        kind, text = self._tokens[self._place]
        word = text.upper()
        if kind == "sign" and text == "(":
            self._take()
            test = self._or()
            self._close()
            return test
        if kind == "name" and word in ("TRUE", "FALSE"):
            self._take()
            return lambda states: word == "TRUE"
        if kind == "name" and word in _STATES:
            self._take()
            return self._of_alarm(_STATES[word])
        raise self._unexpected()

    def _of_alarm(self, state: str) -> Test:
        if self._take() != ("sign", "("):
            self._place -= 1
            raise self._unexpected()
        kind, text = self._take()
        if kind == "text":
            text = re.sub(r"\\(.)", r"\1", text[1:-1])
        elif kind != "name":
            self._place -= kind != "end"
            raise self._unexpected()
        self._close()
        name = name_of(text)
        self.alarms.add(name)
        if len(self.alarms) > MOST_ALARMS:
            raise BadRule(f"AlarmRule looks at more than {MOST_ALARMS} alarms")
        return lambda states: states.get(name) == state

    def _close(self) -> None:
        if self._tokens[self._place] != ("sign", ")"):
            raise self._unexpected()
        self._take()
