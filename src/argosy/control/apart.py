"""A reconciler that has a loop of its own, so that what it does holds back no endpoint."""

from collections.abc import Callable, Collection
from typing import Protocol

from argosy.control.doorbell import Doorbell
from argosy.control.loop import Loop, Reconciles
from argosy.state.records import Records


class Stops(Reconciles, Protocol):
    """A reconciler with work under way between its passes."""

    async def stop(self) -> None:
        """End that work; the records stay, and whoever starts control again goes on with them."""
        ...


class Apart:
    """What control starts, stops and resets: one reconciler, its loop and its doorbell."""

    def __init__(
        self,
        records: Records,
        kinds: Collection[str],
        made: Callable[[Callable[[], None]], Stops],
    ) -> None:
        """kinds: of records whose changes have it look.
        made: the reconciler, of what rings its doorbell."""
        self._records = records
        self._kinds = kinds
        self._doorbell = Doorbell()
        self._reconciler = made(self._doorbell.ring)
        self._loop = Loop((self._reconciler,), self._doorbell)

    def start(self) -> None:
        self._records.listen(self._heard)
        self._loop.start()

    async def stop(self) -> None:
        await self._loop.stop()
        await self._reconciler.stop()

    async def reset(self) -> None:
        """After the records have gone: returns when nothing is under way any more."""
        async with self._loop.quiet:
            await self._reconciler.stop()

    def _heard(self, kind: str) -> None:
        if kind in self._kinds:
            self._doorbell.ring()
