"""How long a process that died waits before it is started again. Pure."""

from dataclasses import dataclass

HEALTHY_S = 60.0
"""Having run this long clears a process's record."""

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0


@dataclass(frozen=True)
class Record:
    """How often a process has died without a minute of health between."""

    deaths: int = 0

    def after(self, uptime_s: float) -> "Record":
        """The record once the process has died after that many seconds."""
        return Record(1 if uptime_s >= HEALTHY_S else self.deaths + 1)

    @property
    def delay_s(self) -> float:
        """0 after the first death, then 0.1, 0.2, 0.4 … 5 seconds."""
        if self.deaths < 2:
            return 0.0
        return min(_FIRST_DELAY_S * 2.0 ** min(self.deaths - 2, 16), _LONGEST_DELAY_S)
