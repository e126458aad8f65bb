"""What has to be looked after while models are served: memory, use, health, newer versions."""

import time
from collections.abc import Callable

from argosy.agent.child import Child
from argosy.agent.models import memory
from argosy.agent.models.disk import Disk
from argosy.agent.models.edges import Edge, Edges
from argosy.agent.models.fetching import Fetched, check
from argosy.agent.models.held import Held
from argosy.agent.models.library import Library
from argosy.agent.watch import Watch
from argosy.ground.instances import StoreAccess
from argosy.runtimes import frames

TICK_S = 1.0
_BASE_EVERY_S = 10.0
_MEASURE_AGAIN_S = 5.0
_MEASURES_AT_ONCE_S = 0.05
_PING_EVERY_S = 5.0
_BUSY_S = 2.5
_CHECKS_AT_ONCE = 2
_APART_S = 1e-6
"""Models that were told of together, oldest use first, stay in that order."""


class Upkeep:
    """Called once a second, and when an edge tells what it used."""

    def __init__(
        self,
        watch: Watch,
        library: Library,
        edges: Edges,
        disk: Disk,
        store: StoreAccess,
        zygote_pid: Callable[[], int],
        *,
        refresh_s: float,
        hangs_s: float,
    ) -> None:
        """refresh_s: how old the knowledge that a model is S3's newest may be, 0 for any age;
        hangs_s: a model that answers no ping for so long is ended."""
        self._watch = watch
        self._library = library
        self._edges = edges
        self._disk = disk
        self._store = store
        self._zygote_pid = zygote_pid
        self._refresh_s = refresh_s
        self._hangs_s = hangs_s
        self._checking: list[Held] = []
        self._next = 0.0
        self._next_base = 0.0

    def used(self, edge: Edge, targets: list[str], busy: list[str]) -> None:
        """An edge says which models it used since it last said so, and which of them have requests
        open."""
        now, open_now = time.monotonic(), set(busy)
        for place, target in enumerate(targets):
            held = self._library.find(target)
            if held is None:
                continue
            held.used = now + place * _APART_S
            self._disk.used(target, held.used)
            self._refresh(held, now)
            if target in open_now:
                held.busy_until, held.busy_by = now + _BUSY_S, edge
            elif held.busy_by is edge:
                held.busy_until = 0.0

    def step(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        self._take_checks()
        if now < self._next:
            return
        self._next = now + TICK_S
        self._measure(now)
        self._ping(now)
        self._tell()

    def _tell(self) -> None:
        """One edge is told, so that nothing is counted twice."""
        connected = self._edges.connected
        if connected:
            figures = self._library.activity.take()
            connected[0].tell(frames.MODELS, {"loaded": len(self._library.loaded()), **figures})

    def _measure(self, now: float) -> None:
        """The memory of those that were used, new ones first, as many as there is time for."""
        if now >= self._next_base:
            self._next_base = now + _BASE_EVERY_S
            self._library.base = memory.resident(self._zygote_pid())
        due = [
            held
            for held in self._library.loaded()
            if held.used > held.measured
            and (held.measures < 3 or now > held.measured + _MEASURE_AGAIN_S)
        ]
        for held in sorted(due, key=lambda one: (one.measures > 1, one.measured)):
            if held.process is not None:
                self._library.measured(held, memory.own(held.process.pid), now)
            if time.monotonic() > now + _MEASURES_AT_ONCE_S:
                break
        self._library.keep_to_limit()

    def _ping(self, now: float) -> None:
        """Those that were used must answer between two predictions."""
        for held in self._library.loaded():
            process = held.process
            if process is None:
                continue
            if process.link.pings_open:
                if now > held.pinged + self._hangs_s:
                    process.kill()
            elif held.used > held.pinged and now > held.pinged + _PING_EVERY_S:
                held.pinged = now
                process.link.ping()

    # -- newer versions

    def _refresh(self, held: Held, now: float) -> None:
        """Look whether S3 has another version, if that is wanted and due."""
        if not self._refresh_s or now < held.checked + self._refresh_s:
            return
        if held.child is None and len(self._checking) < _CHECKS_AT_ONCE:
            store, uri = self._store, self._disk.uri(held.target)
            held.checked = now
            held.child = Child(self._watch, lambda: check(store, uri).to_text())
            self._checking.append(held)

    def _take_checks(self) -> None:
        for held in list(self._checking):
            if held.child is None or self._library.find(held.target) is not held:
                self._checking.remove(held)
            elif held.child.ended:
                self._checking.remove(held)
                found, held.child = Fetched.from_text(held.child.sentence), None
                if found.status == 404 or (found.status == 200 and found.etag != held.etag):
                    self._library.unload(held)
