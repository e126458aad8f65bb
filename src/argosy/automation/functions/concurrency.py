"""How many invocations run at once, and whether one more may. Pure.

A function with reserved concurrency has that much, and nobody else may use it; all others share the
rest. Source: Lambda Developer Guide, "Understanding function scaling".
"""

from argosy.ground.errors import TooManyRequestsException
from argosy.ground.functions import FunctionVersion

Name = tuple[str, str, str]
"""Account, region and name of a function."""

_RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
_SHARED = "ConcurrentInvocationLimitExceeded"


class Concurrency:
    """The invocations that run, by function. One account has all of the limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._running: dict[Name, int] = {}
        self._reserved: dict[Name, int] = {}
        self._shared = 0

    def enter(self, version: FunctionVersion) -> None:
        """One more. Raises TooManyRequestsException, and then it is none."""
        name = name_of(version)
        self._note(name, version.reserved_concurrency)
        running = self._running.get(name, 0)
        reserved = version.reserved_concurrency
        if reserved is not None and running >= reserved:
            raise TooManyRequestsException("Rate Exceeded.", Reason=_RESERVED, Type="User")
        if reserved is None and self._shared >= self._limit - sum(self._reserved.values()):
            raise TooManyRequestsException("Rate Exceeded.", Reason=_SHARED, Type="User")
        self._running[name] = running + 1
        self._shared += reserved is None

    def leave(self, version: FunctionVersion) -> None:
        """It has ended; `version` is the one that it entered with."""
        name = name_of(version)
        left = self._running.get(name, 0) - 1
        self._running[name] = left
        if left <= 0:
            del self._running[name]
        self._shared -= version.reserved_concurrency is None

    def running(self, version: FunctionVersion) -> int:
        return self._running.get(name_of(version), 0)

    def clear(self) -> None:
        """Forget what is reserved: functions may be gone."""
        self._reserved.clear()

    def _note(self, name: Name, reserved: int | None) -> None:
        if reserved is not None:
            self._reserved[name] = reserved
        else:
            self._reserved.pop(name, None)


def name_of(version: FunctionVersion) -> Name:
    return version.account, version.region, version.name
