"""An invocation that passes through the containers of a serial pipeline, on one instance.

What a container answers is what the next one is asked, with the answer's Content-Type; the first
one that fails ends the chain, and its name stands in the error. The model's time limit is that of
the whole chain. One of the containers may have many models: TargetModel says which one is meant.
Source: reference/multi-model-and-pipelines.md §5, Serial pipeline.
"""

from time import perf_counter

from argosy.edge import texts
from argosy.edge.library import LibraryLink
from argosy.edge.link import Link
from argosy.edge.targeted import Targeted, Where
from argosy.runtimes import frames


class Pipeline(Targeted):
    """The `Call` of one container's link after the other."""

    __slots__ = ("_body", "_chain", "_entered", "_first_head", "_sent", "_stage", "_wanted")

    @property
    def container(self) -> str:
        return self.variant.stages[self._stage]

    def start_anywhere(self) -> bool:
        """Begin on the instance with least to do; False when there is none."""
        chain = self.variant.pick_chain(self.gate.max_in_flight)
        if chain is None:
            return False
        if not (self._tries or self.again):
            self._wanted, self._first_head = self.kind, self.head
        self._chain, self._stage, self._sent = chain, 0, perf_counter()
        self.kind, self.head = frames.REQUEST, self._first_head
        self._enter(chain[0])
        return True

    def _enter(self, link: Link) -> None:
        """Go to this stage, by way of the agent where there are many models."""
        if isinstance(link, LibraryLink):
            self.reach(link)
        else:
            self.proceed(link)

    def proceed(self, link: Link) -> None:
        if self._stage == 0:
            super().proceed(link)
            self._sent = self._entered = self.sent
            return
        self._where = Where.WORKER
        self._entered = perf_counter()
        self.variant.counters.enter(self._entered)
        self.request.waiter = self
        self.link, self.sent = link, self._sent
        self.call_id = link.send(self, self.kind, self.head, [self._body], len(self._body))

    def found(self, link: Link) -> None:
        self._sent += perf_counter() - self._asked  # the wait is not the model's time
        super().found(link)

    def answered(self, kind: int, status: int, head: bytes, body: bytes, now: float) -> bool:
        """See `Targeted`; an answer that is not the last container's goes to the next one."""
        if self.at_worker and kind == frames.RESPONSE and 0 < status < 400:
            self.variant.stage_counters[self._stage].measured(now - self._entered, 0.0)
        last = self._stage == len(self._chain) - 1
        if last or not self.at_worker or kind != frames.RESPONSE or not 0 < status < 400:
            return super().answered(kind, status, head, body, now)
        self._stage += 1
        link = self._chain[self._stage]
        if not link.ready:
            self.lost(link)
            return True
        if self._stage == len(self._chain) - 1:
            self.kind = self._wanted
        self.head, self._body = texts.next_head(self._first_head, head), body
        self.variant.counters.leave(now)
        self._enter(link)
        return True
