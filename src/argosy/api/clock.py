"""Moving the platform's clock, which tests do instead of waiting for the first of a month.

    POST /_argosy/clock {"advance": 86400}  →  {"now": 1785542400.0}

Only a platform that may be reset offers it. It moves what control does by time: schedules, retries,
expiry. Signatures are checked by the machine's own clock, and models run by it.
"""

from collections.abc import Mapping
from typing import Any

from argosy.api.internal import Order
from argosy.ground.clock import MovableClock
from argosy.ground.errors import ArgosyError
from argosy.state.records import Records

_MOST_S = 366 * 86400.0 * 10


class ClockMoving:
    """The order; a reset puts the clock back."""

    def __init__(self, clock: MovableClock, records: Records) -> None:
        self._clock = clock
        self._records = records

    def orders(self) -> Mapping[str, Order]:
        return {"POST /_argosy/clock": self._advance}

    async def _advance(self, account: str, body: dict[str, Any]) -> dict[str, float]:
        seconds = body.get("advance")
        if not isinstance(seconds, int | float) or not 0 <= seconds <= _MOST_S:
            raise ArgosyError(f"advance must be a number of seconds from 0 to {_MOST_S:.0f}.")
        self._clock.advance(seconds)
        self._records.transactions.clock_moved()
        return {"now": self._clock.now()}
