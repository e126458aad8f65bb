"""What the values of a column are: whole numbers, fractions, text, or missing. Vectorised, pure.

Source of the types: SageMaker Model Monitor's Integral, Fractional, String and Unknown; the guide
of Deequ, which its container is made of, for what a number looks like.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from argosy.monitor.sketches import Floats

_INTEGRAL = r"^[+-]?\d+$"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_MISSING = r"^(|(?i:nan|null))$"


class Values(NamedTuple):
    """A piece of a column, taken apart."""

    integral: int
    fractional: int
    numbers: Floats
    """The finite numbers among them, whole and not."""
    texts: pa.StringArray
    """All that is not missing, as text."""
    words: int
    """How many of the texts are no numbers."""

    @property
    def present(self) -> int:
        return self.integral + self.fractional + self.words


def of_text(array: pa.Array) -> Values:
    """From strings: what looks like a number is one; empty, null and NaN are missing."""
    trimmed = pc.utf8_trim_whitespace(array.drop_null())
    texts = trimmed.filter(pc.invert(pc.match_substring_regex(trimmed, _MISSING)))
    is_number = pc.match_substring_regex(texts, _NUMBER)
    numeric = texts.filter(is_number)
    numbers = np.array(numeric.to_numpy(zero_copy_only=False), dtype=np.float64)
    finite = np.isfinite(numbers)
    whole = pc.match_substring_regex(numeric, _INTEGRAL).to_numpy(zero_copy_only=False)
    integral = int(np.count_nonzero(whole.astype(bool) & finite))
    count = int(np.count_nonzero(finite))
    return Values(integral, count - integral, numbers[finite], texts, len(texts) - count)


def of_numbers(array: pa.Array) -> Values:
    """From an Arrow array of integers or floats; NaN is missing, an infinity is no number."""
    whole = pa.types.is_integer(array.type)
    numbers = array.drop_null().cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    numbers = numbers[~np.isnan(numbers)]
    finite = np.isfinite(numbers)
    count = int(np.count_nonzero(finite))
    texts = pa.array(numbers).cast(pa.string())
    integral = count if whole else 0
    return Values(integral, count - integral, numbers[finite], texts, len(numbers) - count)
