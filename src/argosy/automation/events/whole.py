"""Events as a whole: what automation starts, stops and resets."""

from argosy.automation.events.counting import Counting
from argosy.automation.events.delivering import Delivering
from argosy.automation.events.routing import Routing
from argosy.automation.events.scheduled import fire_schedule
from argosy.automation.events.ticking import Ticking, fire_rule
from argosy.means import Means
from argosy.state.event_deliveries import EventDeliveries
from argosy.state.event_timers import Timers
from argosy.state.rules import RULE
from argosy.state.schedules import SCHEDULE


class Events:
    """The loops of events, in the order in which an event goes through them."""

    def __init__(self, means: Means) -> None:
        self._means = means
        counts = Counting(means)
        self._routing = Routing(means, counts)
        self._ticking = Ticking(means, counts, {RULE: fire_rule, SCHEDULE: fire_schedule})
        self._delivering = Delivering(means, counts)

    def start(self) -> None:
        """Deliver from now on, first what was left behind."""
        self._routing.start()
        self._ticking.start()
        self._delivering.start()

    async def stop(self) -> None:
        """What is under way is in the database."""
        await self._ticking.stop()
        await self._routing.stop()
        await self._delivering.stop()

    def reset(self) -> None:
        """Forget what was still to come."""
        transactions = self._means.records.transactions
        EventDeliveries(transactions).delete_all()
        Timers(transactions).delete_all()
