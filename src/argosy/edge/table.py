"""The routing table in the form that answers questions quickly."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from argosy.edge import choose
from argosy.edge.link import Link
from argosy.edge.metrics import Counters
from argosy.edge.models import Models
from argosy.edge.recorder import Capture
from argosy.ground.names import component_log_group, endpoint_log_group
from argosy.ground.routes import (
    AsyncEntry,
    KeyEntry,
    NotebookEntry,
)

_HEADS = 256


@dataclass(slots=True)
class Variant:
    """A production variant and the links to its instances."""

    name: str
    """Or the inference component's."""
    endpoint_key: str
    container: str
    timeout_s: float
    links: list[Link]
    counters: Counters
    turn: int = 0
    heads: dict[bytes, bytes] = field(default_factory=dict)
    """Heads of answers, by the frame's head: the same model says the same thing each time."""
    plain: bool = True
    """One container with one model, and nothing besides: the usual way is enough."""
    simple: bool = True
    """One container with one model."""
    shadow: "Variant | None" = None
    """Who gets copies of its requests."""
    copied: float = 0.0
    """The share of requests that the shadow gets copies of."""
    capture: Capture | None = None
    """What is written down of its requests and answers."""
    chains: list[list[Link]] = field(default_factory=list)
    """For a pipeline: each instance's links, container by container."""
    stages: list[str] = field(default_factory=list)
    """For a pipeline: the containers' names."""
    stage_counters: list[Counters] = field(default_factory=list)
    """For a pipeline: what each container takes part in."""
    models: Models | None = None
    """For a container of many models: where they are."""
    hold: bool = False
    """It may have no instance: requests wait until one is started (`edge.holding`)."""
    wants_model: bool = False
    """TargetModel has to be given."""
    component_of: str = ""
    """For an inference component: its production variant."""
    copies: int = 1
    """For an inference component: how many are asked for."""
    containers: "dict[str, Variant]" = field(default_factory=dict)
    """For direct invocation: each container as if it were the only one."""

    share: float = 1.0
    """Of two fleets: what this one has of all requests."""
    newer: bool = False
    """Of two fleets: the one that is taking over."""
    twin: "Variant | None" = None
    """Of two fleets: who takes over in the other one where this one cannot."""

    @property
    def production_variant(self) -> str:
        """What the client is told as InvokedProductionVariant."""
        return self.component_of or self.name

    @property
    def log_group(self) -> str:
        if self.component_of:
            return component_log_group(self.name)
        return endpoint_log_group(self.endpoint_key.split("/", 2)[2])

    def asked_like(self, other: "Variant") -> bool:
        """Whether a request for this one is understood by the other one."""
        return (self.wants_model, bool(self.containers)) == (
            other.wants_model,
            bool(other.containers),
        )

    def every_counters(self) -> Iterator[Counters]:
        yield self.counters
        yield from self.stage_counters
        for container in self.containers.values():
            yield container.counters

    def every_link(self) -> Iterator[Link]:
        yield from self.links
        for chain in self.chains:
            yield from chain[1:]
        for container in self.containers.values():
            yield from container.links

    def with_shadow(self) -> "list[Variant]":
        """Itself, and its shadow if it has one."""
        return [self] if self.shadow is None else [self, self.shadow]

    def pick(self, limit: int) -> Link | None:
        """The instance with least to do; None when all are away or have `limit` open requests.

        `is_there` tells the two apart.
        """
        links = self.links
        if len(links) == 1:
            link = links[0]
            return link if link.ready and len(link.pending) < limit else None
        self.turn += 1
        loads = [link.load if link.ready else choose.UNAVAILABLE for link in links]
        index = choose.least_loaded(loads, self.turn)
        return links[index] if index is not None and loads[index] < limit else None

    def pick_chain(self, limit: int) -> list[Link] | None:
        """For a pipeline: the links of the instance with least to do, as `pick` does."""
        self.turn += 1
        loads = [
            sum(link.load for link in chain)
            if all(link.ready for link in chain)
            else choose.UNAVAILABLE
            for chain in self.chains
        ]
        index = choose.least_loaded(loads, self.turn)
        return self.chains[index] if index is not None and loads[index] < limit else None

    def is_there(self) -> bool:
        """True when an instance is connected, however busy."""
        return any(link.ready for link in self.links)

    def keep_head(self, frame_head: bytes, head: bytes) -> bytes:
        if len(self.heads) >= _HEADS:
            self.heads.clear()
        self.heads[frame_head] = head
        return head


@dataclass(slots=True)
class Endpoint:
    """An endpoint, whether it serves or not."""

    key: str
    name: str
    account: str
    region: str
    status: str
    serving: bool
    variants: list[Variant]
    by_name: dict[str, Variant]
    wheel: choose.Wheel[Variant]
    by_component: bool = False
    """Inference components stand in for variants; InferenceComponentName chooses."""
    asynchronous: AsyncEntry | None = None
    """Requests are accepted for its queue, and only so."""

    def named(self, name: str, dice: float) -> Variant | None:
        """The variant of that name; of two fleets that have one, as their shares say."""
        found = self.by_name.get(name)
        twin = None if found is None else found.twin
        if found is None or twin is None or twin.name != name:
            return found
        return twin if dice < twin.share else found


@dataclass(slots=True)
class Table:
    """Everything an edge knows of endpoints and keys."""

    version: int = -1
    keys: Mapping[str, KeyEntry] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    notified: Mapping[str, str] = field(default_factory=dict)
    """Account by bucket that has a notification configuration."""
    notebooks: Mapping[str, NotebookEntry] = field(default_factory=dict)
    """By the name of the site."""

    def variant(self, endpoint_key: str, name: str, container: str = "") -> Variant | None:
        """The variant as it is now, or that container of it where containers are asked directly."""
        endpoint = self.endpoints.get(endpoint_key)
        variant = None if endpoint is None else endpoint.by_name.get(name)
        if variant is None or not variant.containers:
            return variant
        return variant.containers.get(container)
