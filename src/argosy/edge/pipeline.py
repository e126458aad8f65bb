"""An invocation that passes through the containers of a serial pipeline, on one instance.

What a container answers is what the next one is asked, with the answer's Content-Type; the first
one that fails ends the chain, and its name stands in the error. The model's time limit is that of
the whole chain. Source: reference/multi-model-and-pipelines.md §5, Serial pipeline.
"""

from argosy.edge import texts
from argosy.edge.invocation import Invocation
from argosy.edge.link import Link
from argosy.runtimes import frames


class Pipeline(Invocation):
    """The `Call` of one container's link after the other."""

    __slots__ = ("_asked", "_chain", "_stage", "_wanted")

    @property
    def container(self) -> str:
        return self.variant.stages[self._stage]

    def start_anywhere(self) -> bool:
        """Begin on the instance with least to do; False when there is none."""
        chain = self.variant.pick_chain(self.gate.max_in_flight)
        if chain is None:
            return False
        self._wanted, self._asked = self.kind, self.head
        self._begin(chain)
        return True

    def _begin(self, chain: list[Link]) -> None:
        self._chain, self._stage = chain, 0
        self.kind, self.head = frames.REQUEST, self._asked
        self.start(chain[0])

    def answered(self, kind: int, status: int, head: bytes, body: bytes, now: float) -> bool:
        """See `Invocation`; an answer that is not the last container's goes to the next one."""
        last = self._stage == len(self._chain) - 1
        if last or kind != frames.RESPONSE or not 0 < status < 400:
            return super().answered(kind, status, head, body, now)
        self._stage += 1
        self.link = self._chain[self._stage]
        if not self.link.ready:
            self.lost(self.link)
            return True
        if self._stage == len(self._chain) - 1:
            self.kind = self._wanted
        head = texts.next_head(self._asked, head)
        self.call_id = self.link.send(self, self.kind, head, [body], len(body))
        return True

    def _start_again(self) -> bool:
        """From the first container of another instance: the client's request is still here."""
        table = self.gate.table
        variant = table.variant(self.endpoint.key, self.variant.name) or self.variant
        chain = variant.pick_chain(self.gate.max_in_flight)
        if chain is None:
            return False
        self.again = True
        self.variant = variant
        self._begin(chain)
        return True
