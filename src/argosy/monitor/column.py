"""What is known of one column after its values have gone by: counts, moments, sketches.

Takes a fixed amount of memory, however many values there are.
"""

import math
from collections import Counter

import datasketches
import numpy as np
import pyarrow.compute as pc

from argosy.monitor.sketches import Floats, Weighted, new_sketch, weighted
from argosy.monitor.values import Values

INTEGRAL = "Integral"
FRACTIONAL = "Fractional"
STRING = "String"
UNKNOWN = "Unknown"

MOST_CATEGORIES = 120
"""With more distinct values a column is no category: its values are not counted one by one."""

_LONGEST_CATEGORY = 1024
_LG_K = 12


class Column:
    """Accumulates; order of values does not matter."""

    def __init__(self) -> None:
        self.integral = 0
        self.fractional = 0
        self.words = 0
        """Values that are no numbers."""
        self.negative = 0
        self.mean = 0.0
        self.total = 0.0
        self.minimum = math.inf
        self.maximum = -math.inf
        self._squares = 0.0
        self._sketch = new_sketch()
        self._distinct = datasketches.hll_sketch(_LG_K)
        self._categories: Counter[str] | None = Counter()

    @property
    def numbers(self) -> int:
        return self.integral + self.fractional

    @property
    def present(self) -> int:
        return self.numbers + self.words

    @property
    def inferred_type(self) -> str:
        """One word makes a column String, one fraction makes it Fractional."""
        if self.words:
            return STRING
        if self.fractional:
            return FRACTIONAL
        return INTEGRAL if self.integral else UNKNOWN

    @property
    def deviation(self) -> float:
        """The standard deviation of the population."""
        return math.sqrt(self._squares / self.numbers) if self.numbers else 0.0

    @property
    def sample(self) -> Weighted:
        return weighted(self._sketch)

    @property
    def distinct(self) -> int:
        """How many different values, to a few percent when they are many."""
        if self._categories is not None:
            return len(self._categories)
        return min(int(self._distinct.get_estimate() + 0.5), self.present)

    @property
    def categories(self) -> dict[str, int] | None:
        """Value → how often, the frequent first; None when there are too many to be categories."""
        if self._categories is None:
            return None
        return dict(sorted(self._categories.items(), key=lambda one: (-one[1], one[0])))

    def add(self, values: Values) -> None:
        self._add_numbers(values.numbers)
        self.integral += values.integral
        self.fractional += values.fractional
        self.words += values.words
        self._add_texts(values)

    def _add_numbers(self, numbers: Floats) -> None:
        """Moments of both parts together (Chan, Golub, LeVeque); before the counts are changed."""
        if not len(numbers):
            return
        with np.errstate(over="ignore", invalid="ignore"):
            mean, total = float(numbers.mean()), float(numbers.sum())
            squares = float(np.square(numbers - mean).sum())
        before, count = self.numbers, len(numbers)
        shift = mean - self.mean
        self.mean += shift * count / (before + count)
        self._squares += squares + shift * shift * before * count / (before + count)
        self.total += total
        self.negative += int(np.count_nonzero(numbers < 0))
        self.minimum = min(self.minimum, float(numbers.min()))
        self.maximum = max(self.maximum, float(numbers.max()))
        self._sketch.update(numbers)

    def _add_texts(self, values: Values) -> None:
        counted = pc.value_counts(values.texts)
        different = counted.field("values").to_pylist()
        for text in different:
            self._distinct.update(text)
        if self._categories is None:
            return
        for text, count in zip(different, counted.field("counts").to_pylist(), strict=True):
            self._categories[text] += count
        if len(self._categories) > MOST_CATEGORIES or any(
            len(text) > _LONGEST_CATEGORY for text in different
        ):
            self._categories = None
