"""The search for the highest rate at which a goal is kept. Pure: trials out, verdicts in.

The rate is doubled until a trial fails, then the gap between the last that passed and the first
that failed is halved (in ratio) until it is small. A trial that fails is tried once more before it
is believed: a single pause of the machine is not the endpoint's limit. What was found is then
confirmed by longer trials in a row; if one of them fails, a little less is tried.
"""

import math
from dataclasses import dataclass

_SMALLEST = 0.5
_TRIALS_FOR_PERCENTILE = 200


@dataclass(frozen=True)
class Trial:
    """A rate to try."""

    rate: float
    """Requests a second."""
    seconds: float
    confirms: bool = False
    """It has been passed before, and is repeated."""


class Search:
    """Ask `next` for a trial, tell `note` what came of it, until `next` says None."""

    def __init__(
        self,
        start: float,
        *,
        precision: float = 0.05,
        trial_s: float = 3.0,
        confirm_s: float = 6.0,
        longest_s: float = 15.0,
        confirmations: int = 2,
        highest: float = 200_000.0,
    ) -> None:
        self._low = 0.0
        self._high = math.inf
        self._precision = precision
        self._trial_s = trial_s
        self._confirm_s = confirm_s
        self._longest_s = longest_s
        self._confirmations = confirmations
        self._highest = highest
        self._rate = max(_SMALLEST, min(start, highest))
        self._failed_once = False
        self._confirmed = 0

    @property
    def rate(self) -> float:
        """The highest rate that passed, 0 while none did."""
        return self._low

    @property
    def confirmed(self) -> bool:
        """It passed the longer trials too."""
        return self._confirmed >= self._confirmations and self._low > 0

    def next(self) -> Trial | None:
        """What to try now; None when the search is over."""
        if self.confirmed or self._hopeless():
            return None
        if self._narrow():
            return Trial(self._low, self._length(self._low, self._confirm_s), confirms=True)
        return Trial(self._rate, self._length(self._rate, self._trial_s))

    def note(self, trial: Trial, passed: bool) -> None:
        """That trial passed, or did not."""
        if trial.confirms:
            self._note_confirmation(passed)
        elif passed:
            self._failed_once = False
            self._low = trial.rate
            self._rate = self._between()
        elif not self._failed_once:
            self._failed_once = True
        else:
            self._failed_once = False
            self._high = trial.rate
            self._rate = self._between()

    def _note_confirmation(self, passed: bool) -> None:
        if passed:
            self._confirmed += 1
            return
        self._confirmed = 0
        self._high = self._low
        self._low = self._low / (1 + self._precision)
        if self._low < _SMALLEST:
            self._low = 0.0

    def _between(self) -> float:
        if math.isinf(self._high):
            return min(self._low * 2, self._highest)
        if not self._low:
            return self._high / 2
        return math.sqrt(self._low * self._high)

    def _narrow(self) -> bool:
        if not self._low:
            return False
        return (
            self._low >= self._highest or self._high <= self._low * (1 + self._precision) * 1.0001
        )

    def _hopeless(self) -> bool:
        return not self._low and self._high <= _SMALLEST

    def _length(self, rate: float, seconds: float) -> float:
        """Long enough for a percentile to mean something."""
        return max(seconds, min(_TRIALS_FOR_PERCENTILE / rate, self._longest_s))
