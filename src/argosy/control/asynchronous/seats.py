"""The porters that are connected, what each holds, and those that went away a moment ago."""

from collections.abc import Collection
from dataclasses import dataclass, field

from argosy.control.work import Porter

GRACE_S = 5.0
"""How long a porter whose connection is lost may take to come back to what it holds."""


@dataclass(eq=False)
class Seat:
    """A porter at the desk."""

    porter: Porter
    variant: str
    concurrency: int
    holding: dict[str, str] = field(default_factory=dict)
    """Id of what it works on → its queue, "" when it is in none any more."""
    leaving: bool = False
    """It takes nothing more."""

    @property
    def instance(self) -> str:
        return self.porter.instance

    @property
    def free(self) -> int:
        """How many more requests it may be given."""
        return 0 if self.leaving else self.concurrency - len(self.holding)


class Seats:
    """By instance."""

    def __init__(self) -> None:
        self._seats: dict[str, Seat] = {}
        self._missed: dict[str, float] = {}

    def get(self, instance: str) -> Seat | None:
        return self._seats.get(instance)

    def of(self, porter: Porter) -> Seat | None:
        """The seat of exactly this connection."""
        seat = self._seats.get(porter.instance)
        return seat if seat is not None and seat.porter is porter else None

    def sit(self, porter: Porter) -> Seat:
        """Have a seat; whoever sat there before is the same porter on a connection that broke."""
        hello = porter.hello
        before = self._seats.pop(porter.instance, None)
        if before is not None:
            before.porter.close()
        self._missed.pop(porter.instance, None)
        seat = Seat(porter, hello["variant"], hello["work"].get("concurrency", 1))
        self._seats[porter.instance] = seat
        return seat

    def leave(self, porter: Porter, now: float) -> None:
        """It is away; it may come back for a while."""
        if self.of(porter) is not None:
            del self._seats[porter.instance]
            self._missed[porter.instance] = now + GRACE_S

    def given_up(self, now: float, alive: Collection[str]) -> list[str]:
        """Instances that will not come back, or not in time; each is told once."""
        gone = [i for i, until in self._missed.items() if now >= until or i not in alive]
        for instance in gone:
            del self._missed[instance]
        return gone
