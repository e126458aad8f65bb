"""Links to an instance of many models: one to its agent, and one to each model that it has loaded.

The agent says where a model's worker listens (MODEL), and from then on requests go there straight,
until it takes the address back (UNLOAD). See `argosy.runtimes.frames`.
"""

import json
from collections.abc import Callable
from typing import Protocol

from argosy.edge.link import Link
from argosy.edge.metrics import Counters
from argosy.runtimes import frames

_TELL_EVERY_S = 1.0
_MOST_TOLD = 40
"""Targets in one USED: it stays below what the agent takes as one piece."""


class Seeker(Protocol):
    """Somebody who waits for a model's link."""

    def found(self, link: Link) -> None:
        """It is connected."""
        ...

    def vanished(self) -> None:
        """The model is not there any more: ask again."""
        ...


class ModelLink(Link):
    """The connection to one model's worker. It is given up, not made again, when it breaks."""

    def __init__(self, library: "LibraryLink", target: bytes, address: str, once: bool) -> None:
        super().__init__(library.instance_id, address, self._connected)
        self.target = target
        self.once = once
        """The agent has to be told when it is done with."""
        self.timeout_s = library.timeout_s
        self._library = library
        self._seekers: list[Seeker] = []

    def give_to(self, seeker: Seeker) -> None:
        """Call `found`, or `vanished`, as soon as it is known which."""
        if self.ready:
            seeker.found(self)
        else:
            self._seekers.append(seeker)
            self.connect()

    def forsake(self, seeker: Seeker) -> None:
        """It does not wait any more."""
        if seeker in self._seekers:
            self._seekers.remove(seeker)

    def _connected(self) -> None:
        seekers, self._seekers = self._seekers, []
        for seeker in seekers:
            seeker.found(self)
        if self.once:
            self.drain()

    def unreachable(self) -> None:
        self._wanted = False
        self._vanish()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wanted = False
        self._vanish()
        super().connection_lost(exc)

    def drain(self) -> None:
        self._library.forget(self)
        seekers, self._seekers = self._seekers, []
        connected = self._transport is not None
        super().drain()
        if not connected:
            self._library.closed(self)
        for seeker in seekers:
            seeker.vanished()

    def _vanish(self) -> None:
        """The worker is gone."""
        self.ready = False
        self._library.closed(self)
        seekers, self._seekers = self._seekers, []
        for seeker in seekers:
            seeker.vanished()


class LibraryLink(Link):
    """The connection to the agent, and what is known of its models."""

    def __init__(self, instance_id: str, address: str, on_ready: Callable[[], None]) -> None:
        super().__init__(instance_id, address, on_ready)
        self.warm: dict[bytes, ModelLink] = {}
        """Links to loaded models by TargetModel."""
        self._told_busy: set[bytes] = set()
        """Models that the agent takes for busy."""
        self._used: dict[bytes, None] = {}
        """Models that were asked since the agent was told last, in the order of their last use."""
        self.counters: Counters | None = None
        self._by_address: dict[str, ModelLink] = {}
        self._open: set[ModelLink] = set()
        self._told = 0.0

    @property
    def load(self) -> int:
        """How many answers the instance owes us."""
        return len(self.pending) + sum(link.load for link in self._open)

    def take(self, target: bytes, address: str, once: bool) -> ModelLink:
        """The link to a model that the agent says is loaded. `once`: for one request only."""
        link = None if once else self._by_address.get(address)
        if link is None:
            link = ModelLink(self, target, address, once or not self._wanted)
            self._open.add(link)
            if not link.once:
                self.warm[target] = self._by_address[address] = link
        return link

    def forget(self, link: ModelLink) -> None:
        """Give nothing new to it."""
        if self._by_address.get(link.address) is link:
            del self._by_address[link.address]
        if self.warm.get(link.target) is link:
            del self.warm[link.target]

    def closed(self, link: ModelLink) -> None:
        """It is gone."""
        self.forget(link)
        if link in self._open:
            self._open.discard(link)
            if link.once:
                self.tell(frames.RELEASE, json.dumps({"address": link.address}).encode())
        self.close_when_idle()

    # -- as a link

    def noticed(self, kind: int, body: bytes) -> None:
        if kind == frames.UNLOAD:
            link = self._by_address.get(json.loads(body)["address"])
            if link is not None:
                link.drain()
        elif kind == frames.MODELS and self.counters is not None:
            self.counters.models.take_figures(self.instance_id, json.loads(body))

    def connection_lost(self, exc: Exception | None) -> None:
        for link in list(self._open):
            link.drain()  # what the agent says of them cannot be heard any more
        super().connection_lost(exc)

    def drain(self) -> None:
        super().drain()
        for link in list(self._open):
            link.drain()

    def close_when_idle(self) -> None:
        if not self._open:
            super().close_when_idle()

    def sweep(self, now: float) -> None:
        super().sweep(now)
        for link in list(self._open):
            if link.load:
                link.sweep(now)
        if self.ready and now - self._told >= _TELL_EVERY_S:
            self._told = now
            self.tell_used()

    def use(self, target: bytes) -> None:
        """The model is asked now."""
        used = self._used
        used.pop(target, None)
        used[target] = None

    def tell_used(self) -> None:
        """Say which models were used: now and then, and before another one is asked for, which
        may cost one its place."""
        busy = {link.target for link in self._open if link.load}
        calm = [t for t in self._told_busy if t not in busy and t not in self._used]
        used = [*calm, *(t for t in self._used if t not in busy), *busy]
        self._used, self._told_busy = {}, busy
        for start in range(0, len(used), _MOST_TOLD):
            part = used[start : start + _MOST_TOLD]
            told = {
                "used": [text_of(target) for target in part],
                "busy": [text_of(target) for target in part if target in busy],
            }
            self.tell(frames.USED, json.dumps(told).encode())


def text_of(target: bytes) -> str:
    """A TargetModel as a header carries it: UTF-8, or else Latin-1."""
    try:
        return target.decode()
    except UnicodeDecodeError:
        return target.decode("latin-1")
