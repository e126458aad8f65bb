"""The environments there are, and which of them is used, kept or given up.

An environment serves one version as it was at one revision. The one used last is used next, so that
what is too many becomes idle for long and is ended; when there is no room, the one that was idle
longest goes. It starts none itself.
"""

from collections.abc import Iterator

from argosy.automation.functions.environment import Environment, State
from argosy.ground.functions import FunctionVersion

OLDEST_S = 6 * 3600.0
"""Seconds after which an environment is not used again: its credentials end some time."""


class Pool:
    """Environments by the ARN of their version."""

    def __init__(self, most: int, most_mb: int) -> None:
        self._most = most
        self._most_mb = most_mb
        self._idle: dict[str, list[Environment]] = {}
        self._all: set[Environment] = set()
        self._mb = 0
        self._starting = 0

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Environment]:
        return iter(tuple(self._all))

    def take(self, version: FunctionVersion, now: float) -> Environment | None:
        """An idle environment of this version, or None; those of other revisions end."""
        idle = self._idle.get(version.arn, [])
        while idle:
            environment = idle.pop()
            if environment.state is not State.IDLE:
                continue
            current = environment.version.revision == version.revision
            if current and now - environment.born < OLDEST_S:
                return environment
            environment.spoil()
        return None

    def renew(self, version: FunctionVersion) -> None:
        """There is another revision of this version: what runs the old one finishes and ends."""
        for environment in tuple(self._all):
            old = environment.version
            if old.arn == version.arn and old.revision != version.revision:
                environment.spoil()

    def make_room(self, version: FunctionVersion) -> bool:
        """Give up idle environments until there is room for one more; False if there is none.

        One alone has room in any case, whatever it may take.
        """
        while (self._all or self._starting) and self._is_full(version):
            idle = [one for one in self._all if one.state is State.IDLE]
            if not idle:
                return False
            min(idle, key=lambda one: one.idle_since).end()
        return True

    def expect(self, version: FunctionVersion) -> None:
        """One is being started, and needs its room from now on; `add` or `give_up` comes next."""
        self._starting += 1
        self._mb += version.memory_mb

    def give_up(self, version: FunctionVersion) -> None:
        """It was not started."""
        self._starting -= 1
        self._mb -= version.memory_mb

    def add(self, environment: Environment) -> None:
        """One that was expected."""
        self._starting -= 1
        self._all.add(environment)

    def remove(self, environment: Environment) -> None:
        """It has ended."""
        if environment in self._all:
            self._all.remove(environment)
            self._mb -= environment.version.memory_mb
        idle = self._idle.get(environment.version.arn, [])
        if environment in idle:
            idle.remove(environment)
        if not idle:
            self._idle.pop(environment.version.arn, None)

    def put_back(self, environment: Environment) -> None:
        """It is idle again."""
        self._idle.setdefault(environment.version.arn, []).append(environment)

    def end_idle(self, before: float) -> None:
        """End what has been idle since before then, but for what is provisioned."""
        for arn in tuple(self._idle):
            idle = self._idle.get(arn, [])
            spare = len(idle)
            for environment in tuple(idle):
                if spare <= environment.version.provisioned:
                    break
                if environment.state is State.IDLE and environment.idle_since < before:
                    environment.end()
                    spare -= 1

    def _is_full(self, version: FunctionVersion) -> bool:
        there = len(self._all) + self._starting
        return there >= self._most or self._mb + version.memory_mb > self._most_mb
