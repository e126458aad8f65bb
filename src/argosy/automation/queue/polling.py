"""Brings about what event source mappings want: a poller for each that is enabled.

Creating | Enabling | Updating → Enabled | Disabled     Disabling → Disabled
Deleting → gone; both once the batches under way are done
"""

from argosy.automation.queue.poller import Plan, Poller
from argosy.ground.functions import Functions
from argosy.means import Means
from argosy.messaging.rounds import Rounds
from argosy.state.functions import EVENT_SOURCE
from argosy.state.record import Record
from argosy.state.records import Stale

_ENDING = ("Disabling", "Deleting")


class Polling(Rounds):
    """All mappings of a platform."""

    def __init__(self, means: Means, functions: Functions) -> None:
        super().__init__(means.records, EVENT_SOURCE, "event source mappings", self._round)
        self._means = means
        self._functions = functions
        self._pollers: dict[str, Poller] = {}
        self._closing: dict[str, Poller] = {}

    async def stop(self) -> None:
        """Messages that are under way reappear in their queues."""
        await super().stop()
        await self.reset()

    async def reset(self) -> None:
        """Stop all pollers at once."""
        pollers = [*self._pollers.values(), *self._closing.values()]
        self._pollers.clear()
        self._closing.clear()
        for poller in pollers:
            await poller.cut_off()

    async def _round(self) -> float | None:
        records = {record.name: record for record in self._means.records.find(EVENT_SOURCE)}
        for name in [name for name in self._pollers if name not in records]:
            self._close(name)
        self._closing = {name: one for name, one in self._closing.items() if not one.done}
        for record in records.values():
            self._look_at(record)
        return None

    def _look_at(self, record: Record) -> None:
        wanted = record.document["enabled"] and record.status not in _ENDING
        poller = self._pollers.get(record.name)
        if poller is not None and (not wanted or poller.plan != Plan.of(record)):
            self._close(record.name)
        if record.name in self._closing:
            return  # it is looked at again when that has ended
        if wanted and record.name not in self._pollers:
            self._open(record)
        self._settle(record)

    def _open(self, record: Record) -> None:
        name = record.name

        def tell(result: str) -> None:
            self._told(name, record, result)

        self._pollers[name] = Poller(self._means, self._functions, Plan.of(record), tell)

    def _close(self, name: str) -> None:
        poller = self._pollers.pop(name)
        self._closing[name] = poller
        poller.close(self.ring)

    def _settle(self, record: Record) -> None:
        records = self._means.records
        place = record.kind, record.account, record.region, record.name
        status = "Enabled" if record.document["enabled"] else "Disabled"
        if record.status == "Deleting":
            records.delete(*place)
        elif record.status != status:
            records.update(record, now=self._means.clock.now(), status=status, touch=False)

    def _told(self, name: str, record: Record, result: str) -> None:
        """Write the outcome of the last batch down where it is another than that before."""
        now = self._means.records.get(record.kind, record.account, record.region, name)
        if now is None or now.document["last"] == result:
            return
        document = {**now.document, "last": result}
        try:
            self._means.records.update(
                now, now=self._means.clock.now(), document=document, touch=False
            )
        except Stale:
            return
