"""The space of hyperparameters that a tuning job searches: ranges, read and scaled. Pure.

A continuous value has a place between 0 and 1 on its scale; searching happens there. Source: the
developer guide's page on ranges and scaling of hyperparameters.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from argosy.ground.errors import ArgosyError

LINEAR, LOG, REVERSE_LOG, AUTO = "Linear", "Logarithmic", "ReverseLogarithmic", "Auto"
_WIDE = 1000.0
"""From this ratio of its ends on, a range is logarithmic where nothing is said."""
_MOST_POINTS = 500


class BadRanges(ArgosyError):
    """The ranges are none; the message says what to change."""


@dataclass(frozen=True)
class Categories:
    """One of some texts."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Numbers:
    """A number from `low` to `high`, both included."""

    name: str
    low: float
    high: float
    whole: bool
    scale: str = LINEAR

    def text(self, place: float) -> str:
        """The value at a place between 0 and 1, as hyperparameters are written."""
        value = min(self.high, max(self.low, self._value(place)))
        return str(round(value)) if self.whole else repr(value)

    def place(self, text: str) -> float | None:
        """Where a value lies; None for what is no number within the range."""
        try:
            value = float(text)
        except ValueError:
            return None
        if not self.low <= value <= self.high:
            return None
        low, high = self._on_scale(self.low), self._on_scale(self.high)
        return 0.0 if high == low else (self._on_scale(value) - low) / (high - low)

    def _value(self, place: float) -> float:
        if self.whole and self.scale == LINEAR:  # each number is as likely as another one
            return self.low + math.floor(min(place, 1 - 1e-12) * (self.high - self.low + 1))
        low, high = self._on_scale(self.low), self._on_scale(self.high)
        scaled = low + place * (high - low)
        if self.scale == LOG:
            return math.exp(scaled)
        return 1 - math.exp(-scaled) if self.scale == REVERSE_LOG else scaled

    def _on_scale(self, value: float) -> float:
        if self.scale == LOG:
            return math.log(value)
        return -math.log(1 - value) if self.scale == REVERSE_LOG else value


Range = Categories | Numbers


def parse_ranges(given: Mapping[str, Any]) -> tuple[Range, ...]:
    """ParameterRanges of a tuning job. Raises BadRanges."""
    ranges: list[Range] = [
        *(_numbers(one, whole=True) for one in given.get("IntegerParameterRanges") or ()),
        *(_numbers(one, whole=False) for one in given.get("ContinuousParameterRanges") or ()),
        *(_categories(one) for one in given.get("CategoricalParameterRanges") or ()),
        *(_hinted(one) for one in given.get("AutoParameters") or ()),
    ]
    names = [one.name for one in ranges]
    if not names:
        raise BadRanges("Give at least one range of hyperparameters.")
    if len(set(names)) < len(names):
        raise BadRanges("Ranges: a hyperparameter is there twice.")
    return tuple(ranges)


def grid(ranges: tuple[Range, ...]) -> list[dict[str, str]]:
    """Every combination. Raises BadRanges for ranges of numbers, and for too many."""
    if not all(isinstance(one, Categories) for one in ranges):
        raise BadRanges("The strategy Grid is for CategoricalParameterRanges only.")
    lists = [[(one.name, v) for v in one.values] for one in ranges if isinstance(one, Categories)]
    if math.prod(map(len, lists)) > _MOST_POINTS:
        raise BadRanges(f"The grid has more than {_MOST_POINTS} points.")
    return [dict(pairs) for pairs in product(*lists)]


def _categories(one: Mapping[str, Any]) -> Categories:
    values = tuple(one["Values"])
    if len(set(values)) < len(values):
        raise BadRanges(f"Values of the range {one['Name']} must differ.")
    return Categories(one["Name"], values)


def _numbers(one: Mapping[str, Any], whole: bool) -> Numbers:
    name, ends = one["Name"], []
    for member in ("MinValue", "MaxValue"):
        try:
            ends.append(int(one[member]) if whole else float(one[member]))
        except ValueError:
            kind = "an integer" if whole else "a number"
            raise BadRanges(
                f"{member} of the range {name} is {one[member]!r}, not {kind}."
            ) from None
    low, high = float(ends[0]), float(ends[1])
    if not (math.isfinite(low) and math.isfinite(high)) or low > high:
        raise BadRanges(f"MinValue of the range {name} must not be greater than MaxValue.")
    return Numbers(name, low, high, whole, _scale(one, name, low, high, whole))


def _scale(one: Mapping[str, Any], name: str, low: float, high: float, whole: bool) -> str:
    scale = str(one.get("ScalingType") or AUTO)
    if scale == AUTO:
        return LOG if low > 0 and high / low >= _WIDE else LINEAR
    if scale == LOG and low <= 0:
        raise BadRanges(f"The range {name} must be greater than 0 for Logarithmic scaling.")
    if scale == REVERSE_LOG and (whole or low < 0 or high >= 1):
        raise BadRanges(
            f"The range {name} must be a continuous one from 0 up to, but not including, 1 for "
            "ReverseLogarithmic scaling."
        )
    return scale


def _hinted(one: Mapping[str, Any]) -> Numbers:
    """A tenth to ten times a hint."""
    name, hint = one["Name"], str(one["ValueHint"])
    try:
        value = float(hint)
    except ValueError:
        value = 0.0
    if not value > 0 or not math.isfinite(value):
        raise BadRanges(
            f"ValueHint of {name} is {hint!r}; it must be a number greater than 0. Give a range of "
            "categories for others."
        )
    whole = hint.lstrip("+").isdigit()
    low = float(max(1, round(value / 10))) if whole else value / 10
    return Numbers(name, low, value * 10, whole, LOG)
