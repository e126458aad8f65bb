"""What a decision is made of: what is launched and stopped, and what the record says then."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from argosy.state.endpoints import Deployment, EndpointDocument

MAX_FAILURE_REASON = 1024


@dataclass(frozen=True)
class Launch:
    """One instance to bring up."""

    deployment: Deployment
    variant: str
    zone: str


@dataclass
class Plan:
    """What the reconciler shall make true for one endpoint."""

    status: str
    document: EndpointDocument
    remove: bool = False
    """The record itself goes: nothing is left of the endpoint."""
    launch: list[Launch] = field(default_factory=list)
    stop: list[str] = field(default_factory=list)
    forget: list[str] = field(default_factory=list)
    wake_at: float | None = None
    """Look again at this time at the latest (a backoff ends, a baking period is over)."""

    def wake(self, at: float) -> None:
        self.wake_at = at if self.wake_at is None else min(at, self.wake_at)


@dataclass(frozen=True)
class Signals:
    """What watches over a rollout."""

    alarms: Mapping[str, str] = field(default_factory=dict)
    """Alarm → its state."""
    complaint: str = ""
    """Which guard is violated, and by what; "" while none is."""
    at: float | None = None
    """The time by a clock that does not jump; None where there is only the one that is given."""
