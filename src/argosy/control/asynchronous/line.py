"""The requests of one endpoint as the desk knows them: a bounded part of the table, in order.

The table is the queue. In memory are the oldest of those that wait (a few hundred at most) and
those that are out at instances, without their bodies. Nothing here reads or writes the table but
through `load`, and nothing decides who gets what.
"""

import heapq
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from argosy.state.async_requests import AsyncRequest

MOST_WAITING = 512
"""Waiting requests of one endpoint that are kept in memory."""
MOST_LOSSES = 5
"""Instances that may die while they work on a request."""

Load = Callable[[str, int, int], list[AsyncRequest]]
"""(queue, seq, limit) → the oldest requests of the queue that are younger than seq."""


@dataclass(slots=True)
class Held:
    """A request that is out."""

    request: AsyncRequest
    instance: str
    given: float


class Line:
    """One queue."""

    def __init__(self, queue: str, size: int, load: Load, old: int = 0) -> None:
        """`size`: how many requests the table holds. `old`: up to this one, they may have been
        given out before this process began."""
        self.queue = queue
        self.size = size
        """Requests that wait or are out."""
        self.held: dict[str, Held] = {}
        self._load = load
        self._waiting: deque[AsyncRequest] = deque()
        self._returned: list[tuple[int, AsyncRequest]] = []
        self._again: set[str] = set()
        self._losses: Counter[str] = Counter()
        self._closed: set[str] = set()
        """Ids that must not be given out, wherever they are met."""
        self._tail = 0
        self._whole = size == 0
        self._old = old

    @property
    def waiting(self) -> int:
        return self.size - len(self.held)

    @property
    def oldest(self) -> float | None:
        """When the oldest request came that waits or is out; None when there is none."""
        self._fill()
        found = [held.request.received for held in self.held.values()]
        found += [request.received for _, request in self._returned[:1]]
        found += [request.received for request in (self._waiting and [self._waiting[0]])]
        return min(found, default=None)

    def add(self, request: AsyncRequest) -> None:
        """A request that was kept just now."""
        self.size += 1
        if self._whole and len(self._waiting) < MOST_WAITING:
            self._waiting.append(request)
            self._tail = request.seq
        else:
            self._whole = False

    def next(self) -> AsyncRequest | None:
        """Take the oldest that may be given out; None when nothing waits."""
        self._fill()
        returned = self._returned[0][0] if self._returned else None
        fresh = self._waiting[0].seq if self._waiting else None
        if returned is not None and (fresh is None or returned < fresh):
            return heapq.heappop(self._returned)[1]
        return self._waiting.popleft() if self._waiting else None

    def was_given(self, request: AsyncRequest) -> bool:
        """Whether it was out before: its answer may lie there already."""
        return request.seq <= self._old or request.id in self._again

    def hold(self, request: AsyncRequest, instance: str, now: float) -> None:
        """It is out at this instance."""
        self._closed.discard(request.id)
        self.held[request.id] = Held(request, instance, now)

    def lose(self, ids: Iterable[str]) -> list[AsyncRequest]:
        """The instance died that they were at: they wait again. Those that this happened to too
        often are returned, and should not be given out any more: they may be what it died of."""
        fatal = []
        for number in ids:
            self._losses[number] += 1
            held = self.held.get(number)
            if held is not None and self._losses[number] >= MOST_LOSSES:
                fatal.append(held.request)
            self.give_back([number])
        return fatal

    def give_back(self, ids: Iterable[str]) -> None:
        """They are out no more, and wait again, in their places."""
        for number in ids:
            held = self.held.pop(number, None)
            if held is not None:
                self._again.add(number)
                self.put_back(held.request)

    def put_back(self, request: AsyncRequest) -> None:
        """It waits again."""
        self._closed.discard(request.id)
        heapq.heappush(self._returned, (request.seq, request))

    def close(self, requests: Collection[AsyncRequest]) -> None:
        """They wait no more: they are out from before, or about to be ended without an answer."""
        ids = {request.id for request in requests}
        self._closed |= ids
        self._waiting = deque(one for one in self._waiting if one.id not in ids)
        self._returned = [pair for pair in self._returned if pair[1].id not in ids]
        heapq.heapify(self._returned)

    def is_closed(self, number: str) -> bool:
        """Whether it was closed."""
        return number in self._closed

    def end(self, requests: Collection[AsyncRequest]) -> None:
        """They are finished, and in the table no more."""
        strangers = [one for one in requests if self.held.pop(one.id, None) is None]
        if strangers:
            self.close(strangers)
        for request in requests:
            self._again.discard(request.id)
            self._losses.pop(request.id, None)
            self._closed.discard(request.id)
        self.size -= len(requests)

    def _fill(self) -> None:
        """Read on in the table when nothing is left of what was read."""
        while not self._waiting and not self._whole:
            found = self._load(self.queue, self._tail, MOST_WAITING)
            if len(found) < MOST_WAITING:
                self._whole = True
            if found:
                self._tail = found[-1].seq
            known = self._closed | self.held.keys() | {one.id for _, one in self._returned}
            self._waiting.extend(one for one in found if one.id not in known)
