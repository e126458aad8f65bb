"""The models of one instance: loaded when they are called, unloaded when room is needed.

Everything happens in `step`, which moves each model on as far as it gets, and in what the edges
send; nothing waits. A model whose load fails is forgotten: the next call tries again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from argosy.agent import reasons
from argosy.agent.child import Child
from argosy.agent.models import cache, memory
from argosy.agent.models.activity import Activity
from argosy.agent.models.disk import Disk
from argosy.agent.models.edges import Edge
from argosy.agent.models.fetching import Fetched, fetch
from argosy.agent.models.held import Held, State, Waiter
from argosy.agent.models.zygote import Process, Zygote
from argosy.agent.watch import Watch
from argosy.ground.instances import StoreAccess
from argosy.runtimes import frames

_LEAVING_SOON_S = 2.0
"""A process that leaves is expected to have gone after so long; else its memory counts again."""
_LEAVE_MARGIN_S = 5.0
_NO_ROOM = 507


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an instance of many models keeps to. Sizes in bytes, times in seconds."""

    memory: int
    archive: int
    at_once: int
    """So many are fetched at once, and so many loaded."""
    load_s: float
    """Fetching and loading together."""
    model_s: float
    """How long a request may take."""


class Library:
    """Holds models. `fork` starts a process that loads the model in that folder."""

    def __init__(
        self,
        watch: Watch,
        disk: Disk,
        store: StoreAccess,
        limits: Limits,
        zygote: Zygote,
        fork: Callable[[str, int], Process],
        tell: Callable[[int, dict[str, object]], None],
        note: Callable[[str], None],
        *,
        caches: bool,
    ) -> None:
        """fork: (folder's name, number) → its process; tell: says something to all edges; note:
        writes to the log; caches: models stay after they were used."""
        self._watch = watch
        self._disk = disk
        self._store = store
        self._limits = limits
        self._zygote = zygote
        self._fork = fork
        self._tell = tell
        self._note = note
        self._caches = caches
        self._number = 0
        self._promised = 0
        self._held: dict[str, Held] = {}
        self._moving: dict[str, Held] = {}
        self._estimates = cache.Estimates()
        self.base = 0
        """Memory of the zygote, which all models share."""
        self.activity = Activity()
        self._steps = {
            State.FETCHING: self._fetching,
            State.FETCHED: self._fetched,
            State.LOADING: self._loading,
            State.LOADED: self._arrived,
            State.LEAVING: self._leaving,
        }

    # -- what edges ask

    def want(self, waiter: Waiter, target: str) -> None:
        """An edge wants this model; it is answered when the model is loaded, or cannot be."""
        now = waiter.since
        held = self._held.get(target)
        if held is not None and held.state is State.LOADED:
            held.used = now
            self._answer(held, waiter, hit=True)
            return
        if held is None:
            self._number += 1
            held = self._held[target] = Held(target, self._number, began=now, since=now)
            self._moving[target] = held
        held.waiters.append(waiter)

    def give_up(self, edge: Edge, request_id: int) -> None:
        """That MODEL is not waited for any more."""
        for held in self._moving.values():
            held.waiters = [
                one for one in held.waiters if (one.edge, one.request_id) != (edge, request_id)
            ]

    def release(self, edge: Edge, address: str) -> None:
        """The request that the edge was given this process for is over."""
        for held in self._held.values():
            if held.process is not None and held.process.address == address:
                held.leases[edge] -= 1
                self._unload_unless_kept(held)
                return

    def left(self, edge: Edge) -> None:
        """The edge is gone, and with it all it asked for."""
        for held in list(self._held.values()):
            held.waiters = [one for one in held.waiters if one.edge is not edge]
            held.leases.pop(edge, None)
            self._unload_unless_kept(held)

    def loaded(self) -> list[Held]:
        return [held for held in self._held.values() if held.state is State.LOADED]

    def find(self, target: str) -> Held | None:
        """The model if it is loaded."""
        held = self._held.get(target)
        return held if held is not None and held.state is State.LOADED else None

    # -- moving on

    def step(self) -> None:
        """Move every model on as far as it gets now."""
        now = time.monotonic()
        self._bury()
        moved = True
        while moved:  # what one gives up another may have waited for
            self._promised = 0
            moved = False
            for held in list(self._moving.values()):
                moved |= self._advance(held, now)

    def unload(self, held: Held, *, forget_files: bool = False) -> None:
        """Let a loaded model go, after what it has to answer."""
        assert held.process is not None
        if held.child is not None:
            held.child.kill()
            held.child = None
        held.forget_files = forget_files
        held.enter(State.LEAVING, time.monotonic())
        self._moving[held.target] = held
        self._tell(frames.UNLOAD, {"address": held.process.address})
        held.process.link.drain()

    def measured(self, held: Held, size: int, now: float) -> None:
        """A model takes `size` bytes now. What it takes before its first prediction says little,
        unless that is more than was thought."""
        more = size > held.memory
        held.memory, held.measured = size, now
        held.measures += 1
        if held.measures > 1 or more:
            self._estimates.learn(held.target, self._disk.size(held.target), size)

    def keep_to_limit(self, spare: Held | None = None) -> None:
        """Unload what is too much, but not `spare`."""
        models = [one for one in self._resident() if spare is None or one.target != spare.target]
        for target in cache.to_unload(models, self._free(), 0):
            self.unload(self._held[target])

    def kill_all(self) -> None:
        """End everything that was begun for models."""
        for held in self._held.values():
            if held.child is not None:
                held.child.kill()
            if held.process is not None:
                held.process.kill()

    # -- the states

    def _advance(self, held: Held, now: float) -> bool:
        """One step of one model; True when it is in another state now."""
        before = held.state
        self._steps[before](held, now)
        self._check_time(held, now)
        return held.state is not before or held.target not in self._held

    def _fetching(self, held: Held, now: float) -> None:
        if held.child is None:
            running = sum(one.child is not None for one in self._moving.values())
            if running < self._limits.at_once:
                held.child = self._download(held.target)
                held.since = now
        elif held.child.ended:
            fetched = Fetched.from_text(held.child.sentence)
            held.child = None
            self._take_files(held, fetched, now)

    def _download(self, target: str) -> Child:
        disk, store, limit = self._disk, self._store, self._limits.archive
        uri, folder, etag = disk.uri(target), disk.folder(target), disk.etag(target)
        return Child(self._watch, lambda: fetch(store, uri, folder, etag, limit).to_text())

    def _take_files(self, held: Held, fetched: Fetched, now: float) -> None:
        in_use = set(self._held)
        if fetched.status == 507 and self._disk.make_room(in_use):
            return  # the next step tries again
        if fetched.status != 200:
            self._disk.remove(held.target)
            self._fail(held, fetched.status, fetched.message)
            return
        if fetched.etag != self._disk.etag(held.target):
            self.activity.downloaded(now - held.since)
            if fetched.requirements:
                self._note(
                    f"Argosy: the requirements.txt of model {held.target} is not installed: "
                    "models of a multi-model endpoint share one environment."
                )
        self._disk.note(held.target, fetched, now)
        self._disk.prune(in_use)
        held.etag, held.checked = fetched.etag, now
        held.enter(State.FETCHED, now)

    def _fetched(self, held: Held, now: float) -> None:
        if held.waits is not None and self._held.get(held.waits.target) is held.waits:
            return
        held.waits = None
        need = self._estimates.of(held.target, self._disk.size(held.target))
        free = self._free() - self._promised
        alone = not any(one.process for one in self._held.values())
        if need > free and not alone:
            self._promised += need
            for target in cache.to_unload(self._resident(), free, need):
                self.unload(self._held[target])
            return
        loading = sum(one.state is State.LOADING for one in self._moving.values())
        if loading >= self._limits.at_once:
            return
        try:
            held.process = self._fork(self._disk.name(held.target), held.number)
        except OSError as error:
            self._fail(held, 500, f"The model's process cannot be started: {error}.")
            return
        held.memory = need
        held.enter(State.LOADING, now)

    def _loading(self, held: Held, now: float) -> None:
        process = held.process
        assert process is not None
        loaded = process.link.loaded
        if process.status is not None:
            cause = process.reason or reasons.exit_cause(process.status, 0)
            self._fail(held, 500, f"The model did not load. {cause}")
        elif loaded is not None and loaded.get("status") == _NO_ROOM:
            self._make_room_for(held, str(loaded.get("reason")), now)
        elif loaded is not None and loaded.get("ok") is not True:
            self._fail(held, 500, str(loaded.get("reason") or "The model does not load."))
        elif loaded is not None and process.there:
            reserved = held.memory
            self.measured(held, memory.own(process.pid), now)
            self._take_in(held, reserved, now)

    def _make_room_for(self, held: Held, why_not: str, now: float) -> None:
        """Its container has no room for it: it is tried again when another model has left."""
        loaded = sorted(self.loaded(), key=lambda one: (now < one.busy_until, one.used))
        leaving = [one for one in self._held.values() if one.state is State.LEAVING]
        if not leaving and not loaded:
            self._fail(held, _NO_ROOM, why_not)
            return
        if not leaving:
            self.unload(loaded[0])
        assert held.process is not None
        held.process.kill()
        held.process = None
        held.waits = (leaving or loaded)[0]
        held.enter(State.FETCHED, now)

    def _take_in(self, held: Held, reserved: int, now: float) -> None:
        """It is loaded; but it must fit in, too. What was reserved for it stays so for now."""
        if self._free() + sum(one.memory for one in self._resident()) < 0:
            self._fail(
                held,
                507,
                f"The model needs {held.memory >> 20} MiB of memory, and the instance's limit of "
                f"{self._limits.memory >> 20} MiB leaves {(self._limits.memory - self.base) >> 20}"
                " MiB for models: raise ARGOSY_MULTI_MODEL_MEMORY_MB.",
            )
            return
        held.memory += max(0, min(reserved - held.memory, self._free()))
        took = now - held.since
        self.activity.loaded(took)
        self._note(f"Argosy: loaded model {held.target} in {took * 1000:.0f} ms.")
        held.enter(State.LOADED, now)

    def _arrived(self, held: Held, now: float) -> None:
        """Answer those who waited."""
        del self._moving[held.target]
        held.used, waiters, held.waiters = now, held.waiters, []
        self._disk.used(held.target, now)
        for waiter in waiters:
            self._answer(held, waiter, hit=False)
        self.keep_to_limit(held)
        self._unload_unless_kept(held)

    def _leaving(self, held: Held, now: float) -> None:
        process = held.process
        assert process is not None
        if process.status is not None:
            self.activity.unloaded(now - held.since)
            self._note(f"Argosy: unloaded model {held.target}.")
            self._gone(held, now)
        elif now - held.since > self._limits.model_s + _LEAVE_MARGIN_S:
            process.kill()

    def _gone(self, held: Held, now: float) -> None:
        """Its process has ended; who asked for it meanwhile has it loaded again."""
        if held.forget_files:
            self._disk.remove(held.target)
        del self._held[held.target]
        self._moving.pop(held.target, None)
        for waiter in held.waiters:
            self.want(waiter, held.target)
            self._held[held.target].began = now

    # -- details

    def _bury(self) -> None:
        """Forget models whose processes ended by themselves."""
        for process in self._zygote.take_ended():
            for held in self.loaded():
                if held.process is process and process.status is not None:
                    cause = process.reason or reasons.exit_cause(process.status, 0)
                    self._note(f"Argosy: model {held.target} is gone. {cause}")
                    self._gone(held, time.monotonic())

    def _resident(self) -> list[cache.Loaded]:
        """Those in memory, but for the ones that are just being loaded."""
        now = time.monotonic()
        return [
            cache.Loaded(
                held.target,
                held.memory,
                held.used,
                busy=now < held.busy_until,
                leaving=held.state is State.LEAVING,
            )
            for held in self._held.values()
            if held.state is State.LOADED
            or (held.state is State.LEAVING and now - held.since < _LEAVING_SOON_S)
        ]

    def _free(self) -> int:
        """Bytes of the limit that nobody has."""
        taken = sum(held.memory for held in self._held.values() if held.process is not None)
        return self._limits.memory - self.base - taken

    def _answer(self, held: Held, waiter: Waiter, *, hit: bool) -> None:
        assert held.process is not None
        once = not self._caches
        if once:
            held.leases[waiter.edge] += 1
        address = held.process.address
        body = {"address": address, "hit": hit, "once": once}
        waiter.edge.answer(waiter.request_id, 200, body)

    def _unload_unless_kept(self, held: Held) -> None:
        if not self._caches and held.state is State.LOADED and held.leases.total() <= 0:
            self.unload(held, forget_files=True)

    def _check_time(self, held: Held, now: float) -> None:
        late = now - held.began > self._limits.load_s
        if late and held.state in (State.FETCHING, State.FETCHED, State.LOADING):
            text = f"The model did not load within {self._limits.load_s:g} seconds."
            self._fail(held, 500, text)

    def _fail(self, held: Held, status: int, message: str) -> None:
        """It cannot be loaded, and all who wait are told why."""
        self._note(f"Argosy: model {held.target} cannot be loaded: {message}")
        if held.child is not None:
            held.child.kill()
            self._disk.remove(held.target)
        if held.process is not None:
            held.process.kill()
        if not self._caches:
            self._disk.remove(held.target)
        self._held.pop(held.target, None)
        self._moving.pop(held.target, None)
        for waiter in held.waiters:
            waiter.edge.answer(waiter.request_id, status, {"message": message})
