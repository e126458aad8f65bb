"""One model of an instance: where it is between S3 and memory, and who waits for it."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto

from argosy.agent.child import Child
from argosy.agent.models.edges import Edge
from argosy.agent.models.zygote import Process


class State(Enum):
    """The way of a model; it goes round when it is called again."""

    FETCHING = auto()
    """Its files are on their way, or checked against S3."""
    FETCHED = auto()
    """Its files are there; it waits for memory."""
    LOADING = auto()
    LOADED = auto()
    LEAVING = auto()
    """Its process finishes what it has, then ends."""


@dataclass(frozen=True)
class Waiter:
    """An edge's MODEL that has not been answered."""

    edge: Edge
    request_id: int
    since: float


@dataclass
class Held:
    """One model. Times are monotonic seconds, sizes bytes."""

    target: str
    number: int
    began: float
    """When the load under way began."""
    state: State = State.FETCHING
    waiters: list[Waiter] = field(default_factory=list)
    child: Child | None = None
    """What fetches or checks its files now."""
    process: Process | None = None
    memory: int = 0
    """What it takes, or will take as far as one can tell."""
    measured: float = 0.0
    measures: int = 0
    used: float = 0.0
    busy_until: float = 0.0
    busy_by: Edge | None = None
    """Who said last that it is busy."""
    leases: Counter[Edge] = field(default_factory=Counter)
    """Requests that edges were given it for, where models are not kept."""
    since: float = 0.0
    """When it began to be in its state."""
    waits: "Held | None" = None
    """Who leaves so that there is room for it, as its container says that there is none."""
    etag: str = ""
    checked: float = 0.0
    pinged: float = 0.0
    forget_files: bool = False

    def enter(self, state: State, now: float) -> None:
        self.state, self.since = state, now


@dataclass
class Files:
    """A model's files on disk."""

    etag: str
    size: int
    used: float
