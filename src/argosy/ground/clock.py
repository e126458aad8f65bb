"""Time as a value that is passed in, so that tests can move it."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where a part of Argosy reads the time."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()


class MovableClock:
    """The machine's clock, which tests may move forward and put back."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move it that many seconds ahead of where it is."""
        self._ahead += seconds

    def put_back(self) -> None:
        """Show the machine's time again."""
        self._ahead = 0.0


class SteadyClock:
    """The time as it was when this clock was made, and what has passed since: it does not jump when
    the machine's clock is set."""

    def __init__(self, clock: Clock) -> None:
        self._began, self._at_beginning = clock.now(), time.monotonic()

    def now(self) -> float:
        return self._began + time.monotonic() - self._at_beginning


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds
