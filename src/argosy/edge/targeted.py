"""An invocation of one model among many: it asks where the model is, then goes there.

Asking has no effects but that the model is loaded, so it is asked again, of another instance if
need be, when an instance dies or a model was unloaded just now. The request itself is sent to a
second worker once, as any invocation is. Source: reference/multi-model-and-pipelines.md §1, §2.
"""

import json
from enum import Enum, auto
from time import perf_counter
from typing import TYPE_CHECKING

from argosy.edge import texts
from argosy.edge.invocation import Invocation
from argosy.edge.library import LibraryLink, ModelLink
from argosy.edge.link import Link
from argosy.edge.request import Request
from argosy.edge.table import Endpoint, Variant
from argosy.ground.errors import ModelNotReadyException, ServiceUnavailable, ValidationError
from argosy.runtimes import frames

if TYPE_CHECKING:
    from argosy.edge.gate import Gate

_MOST_TRIES = 8
_PAUSE_S = 0.01
_CALLERS_FAULT = (400, 404, 422)


class Where(Enum):
    """What the invocation waits for."""

    WORKER = auto()
    AGENT = auto()
    CONNECTION = auto()
    PAUSE = auto()
    NOTHING = auto()


class Targeted(Invocation):
    """The `Call` of an agent's link, then of a model's."""

    __slots__ = ("_asked", "_tries", "_where", "target")

    def __init__(
        self,
        gate: "Gate",
        request: Request,
        endpoint: Endpoint,
        variant: Variant,
        kind: int,
        head: bytes,
        target: bytes,
    ) -> None:
        super().__init__(gate, request, endpoint, variant, kind, head)
        self.target = target
        self._tries = 0
        self._asked = 0.0
        self._where = Where.WORKER

    @property
    def at_worker(self) -> bool:
        """The request itself is out."""
        return self._where is Where.WORKER

    def go(self, link: ModelLink) -> None:
        """The model is loaded and this is its link."""
        self.variant.counters.models.hits += 1
        self.start(link)

    def start_anywhere(self) -> bool:
        """Begin where the model is, or should be; False when no instance can take it."""
        models = self.variant.models
        library = None if models is None else models.pick(self.target, self.gate.max_in_flight)
        if library is None:
            return False
        self.reach(library)
        return True

    def reach(self, library: LibraryLink) -> None:
        """Find the model on this instance."""
        link = library.warm.get(self.target)
        if link is not None and link.ready:
            library.use(self.target)
            self.variant.counters.models.hits += 1
            self.proceed(link)
        else:
            self._ask(library)

    def proceed(self, link: Link) -> None:
        """The model is at the other end of this link."""
        self._where = Where.WORKER
        self.start(link)

    # -- finding the model

    def _ask(self, library: LibraryLink) -> None:
        self.request.waiter = self
        self._where = Where.AGENT
        self.link = library
        self._asked = self.sent = perf_counter()
        self.variant.counters.enter(self._asked)
        library.tell_used()
        self.call_id = library.send(self, frames.MODEL, b"", [self.target], len(self.target))

    def answered(self, kind: int, status: int, head: bytes, body: bytes, now: float) -> bool:
        """See `Invocation`; or the agent says where the model is."""
        if self._where is Where.WORKER:
            return super().answered(kind, status, head, body, now)
        told = json.loads(body)
        if status == 200:
            self._connect(told, now)
        else:
            self._stop_waiting()
            self._refused(status, str(told["message"]))
        return True

    def _connect(self, told: dict[str, object], now: float) -> None:
        library = self.link
        assert isinstance(library, LibraryLink)
        if not self._tries:
            self.variant.counters.models.waited(now - self._asked, hit=bool(told["hit"]))
        library.use(self.target)
        link = library.take(self.target, str(told["address"]), bool(told["once"]))
        self._where, self.link = Where.CONNECTION, link
        link.give_to(self)

    def found(self, link: Link) -> None:
        """The model's link is connected."""
        self._stop_waiting()
        self.proceed(link)

    def vanished(self) -> None:
        """The model was unloaded, or died, before it could be asked."""
        self._stop_waiting()
        self._try_again()

    def _stop_waiting(self) -> None:
        self._where = Where.NOTHING
        self.variant.counters.leave(perf_counter())

    def _try_again(self) -> None:
        """Ask once more, after a moment: whoever died may not be known to be dead yet."""
        self._tries += 1
        if self._tries > _MOST_TRIES:
            self._give_up()
            return
        self._where = Where.PAUSE
        self.gate.loop.call_later(_PAUSE_S * self._tries, self._after_pause)

    def _after_pause(self) -> None:
        if self._where is Where.PAUSE:
            self._look_up()
            if not self.start_anywhere():
                self._give_up()

    def _look_up(self) -> None:
        """The variant as it is now."""
        mine = self.variant
        table = self.gate.table
        self.variant = table.variant(self.endpoint.key, mine.name, mine.container) or mine

    def _give_up(self) -> None:
        self._fail(ServiceUnavailable(texts.no_instance(self.endpoint.name, self.variant.name)))

    def _refused(self, status: int, message: str) -> None:
        """There is no such model, or it cannot be loaded."""
        counters = self.variant.counters
        if status in _CALLERS_FAULT:
            counters.unanswered(_CALLERS_FAULT[0])
            self._fail(ValidationError(message))
        else:
            counters.unanswered(500)
            self._fail(self._model_error(status, message))

    # -- what else may happen meanwhile

    def lost(self, link: Link) -> None:
        """The instance is gone, or the model's process."""
        if self._where is Where.AGENT:
            self.vanished()
        elif self.again and self.target and not self.begun:
            self.variant.counters.leave(perf_counter())
            self.variant.counters.unanswered(500)
            self._fail(self._model_error(500, texts.worker_died()))
        else:
            super().lost(link)

    def _start_again(self) -> bool:
        self.again = True
        self._try_again()
        return True

    def overdue(self, link: Link) -> None:
        """The model took too long to answer, or to load; then loading goes on."""
        if self._where is not Where.AGENT:
            super().overdue(link)
            return
        self._stop_waiting()
        self.variant.counters.unanswered(_CALLERS_FAULT[0])
        text = texts.not_ready(self.target.decode("utf-8", "replace"))
        self._fail(ModelNotReadyException(text))

    def abandon(self) -> None:
        """The client is gone."""
        if self._where in (Where.WORKER, Where.AGENT):
            super().abandon()
            return
        if self._where is Where.CONNECTION:
            assert isinstance(self.link, ModelLink)
            self.link.forsake(self)
            self.variant.counters.leave(perf_counter())
        self._where = Where.NOTHING
