"""What watches over an update under way: the states of its alarms, a clock that does not jump."""

from argosy.control.rollout import Signals
from argosy.ground.clock import Clock, SteadyClock
from argosy.state.alarms import states_of
from argosy.state.records import Record, Records


class Watch:
    """Looks for one endpoint at a time, as often as it is decided upon."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = SteadyClock(clock)

    def __call__(self, record: Record) -> Signals:
        """What is to be known of the rollout of this endpoint; an alarm that was deleted since
        the update began says nothing any more."""
        rollout = record.document["rollout"]
        states = states_of(self._records, record.account, record.region, rollout["alarms"])
        return Signals(alarms=states, at=self._clock.now())
