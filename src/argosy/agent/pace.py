"""How often something is measured that may take long: a twentieth of the time is spent at most."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

_SHARE = 20


class Pace:
    """Of one measurement; it is due at once."""

    def __init__(self) -> None:
        self._next = 0.0

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._next

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """While it is measured; how long that takes says when it is due again."""
        began = time.monotonic()
        yield
        ended = time.monotonic()
        self._next = ended + _SHARE * (ended - began)
