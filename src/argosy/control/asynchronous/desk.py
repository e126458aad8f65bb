"""The desk of asynchronous requests: deals them out to porters, and takes the results.

What is out is known to the porters themselves: when control comes back it waits for them before it
deals out what may be out already, and a porter that went away has a moment to come back. An
instance never has more than its porter asked for; a request that comes back is given out again, and
its porter told to look first whether the answer is there. Everything happens on control's loop.
"""

import asyncio
import base64
import logging
import random
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any

from argosy.control.asynchronous import choose, counts
from argosy.control.asynchronous.acceptance import Acceptance
from argosy.control.asynchronous.book import Book
from argosy.control.asynchronous.endings import Ended, Endings, Publish, Traffic
from argosy.control.asynchronous.expiry import Expiry, TellFailure
from argosy.control.asynchronous.line import MOST_LOSSES, Line
from argosy.control.asynchronous.notices import Result
from argosy.control.asynchronous.plans import QueuePlan
from argosy.control.asynchronous.seats import GRACE_S, Seat, Seats
from argosy.control.asynchronous.turn import Turn
from argosy.control.work import Porter
from argosy.ground.clock import Clock
from argosy.state.async_requests import AsyncRequest, AsyncRequests
from argosy.state.transactions import Transactions

log = logging.getLogger(__name__)

_SWEEP_S = 0.5
_MOST_AT_ONCE = 64
"""Requests of one endpoint that are dealt out before it is the next one's turn."""


class Desk:
    """`control.work.Desk` for asynchronous requests."""

    def __init__(
        self,
        transactions: Transactions,
        clock: Clock,
        publish: Publish,
        tell_failure: TellFailure,
        traffic: Traffic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """`draw`: random numbers in [0, 1). Raises StorageError."""
        self._book = Book(AsyncRequests(transactions), clock)
        self._turn = Turn()
        self._seats = Seats()
        self._acceptance = Acceptance(self._book, self._turn, self._deal_soon)
        self._endings = Endings(self._book, self._turn, transactions, publish, traffic)
        self._expiry = Expiry(self._book, self._endings, tell_failure)
        self._clock = clock
        self._draw = draw
        self._alive: frozenset[str] = frozenset()
        self._began: float | None = None
        self._hungry: dict[str, None] = {}
        self._task: asyncio.Task[None] | None = None
        self.keep = self._acceptance.keep
        """(requests, again) → id → why it is refused; see `acceptance`."""

    # -- life

    def start(self) -> None:
        """Look what time brings, again and again, until `stop`."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Deal out nothing more; what is out goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._expiry.stop()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            try:
                self.sweep()
            except Exception:
                log.exception("asynchronous requests could not be looked through")

    def take(self, plans: Iterable[QueuePlan], alive: Collection[str]) -> None:
        """What endpoints there are now, and which instances live. Raises StorageError."""
        self._book.take(plans)
        self._alive = frozenset(alive)
        if self._began is None:
            self._began = self._clock.now()
            self._acceptance.begin()
        self._endings.keep(plan.key for plan in self._book.plans.values())
        self._look_around()

    def sweep(self) -> None:
        """What time brings: grace ends, requests expire."""
        if self._began is not None:
            self._look_around()
            self._expiry.look()

    def _look_around(self) -> None:
        """Find out what is out and what is not, and deal out what can be."""
        now = self._clock.now()
        if self._began is None:
            return
        for instance in self._seats.given_up(now, self._alive):
            self._release(instance)
        for queue, plan in self._book.plans.items():
            here = all(self._seats.get(instance) for instance in plan.instances)
            if here or now >= self._began + GRACE_S:
                self._book.open.add(queue)
            self._deal_soon(queue)

    # -- porters

    def joined(self, porter: Porter) -> None:
        """A porter is here, perhaps again; what it does not hold any more waits again."""
        seat = self._seats.sit(porter)
        # What is in the table no more was finished; it is acknowledged when it is reported again.
        seat.holding = dict.fromkeys(porter.hello["holding"], "")
        for request in self._book.requests.find(porter.hello["holding"]):
            line = self._book.lines.get(request.queue)
            if line is not None:
                seat.holding[request.id] = request.queue
                if request.id not in line.held:
                    line.close([request])
                    line.hold(request, seat.instance, self._clock.now())
        self._release(seat.instance, but=seat.holding)
        self._look_around()

    def left(self, porter: Porter) -> None:
        """Its connection is lost: what it holds stays out for a while, if its instance lives."""
        self._seats.leave(porter, self._clock.now())
        self._look_around()

    def told(self, porter: Porter, message: dict[str, Any]) -> None:
        """A porter is done with a request, gives some back, or takes no more."""
        seat = self._seats.of(porter)
        if seat is None:
            return
        if "done" in message:
            self._done(seat, message["done"])
        elif "back" in message:
            self._back(seat, message["back"])
        elif message.get("leaving"):
            seat.leaving = True

    def _back(self, seat: Seat, ids: list[str]) -> None:
        for number in ids:
            queue = seat.holding.pop(number, "")
            line = self._book.lines.get(queue)
            if line is not None:
                line.give_back([number])
                self._deal_soon(queue)

    def _done(self, seat: Seat, done: dict[str, Any]) -> None:
        number = done["id"]
        queue = seat.holding.pop(number, "")
        line = self._book.lines.get(queue)
        held = line.held.get(number) if line is not None else None
        request = held.request if held else next(iter(self._book.requests.find([number])), None)
        acknowledge = partial(self._acknowledge, seat, number)
        if queue:
            self._deal_soon(queue)  # its slot is free, though the book is not written yet
        if request is None:
            acknowledge(True)
            return
        given = held.given if held else None
        self._endings.add(Ended(request, _result(done), acknowledge, seat.variant, given))

    def _acknowledge(self, seat: Seat, number: str, good: bool) -> None:
        if not good:
            seat.porter.close()  # it comes back, and says it again
            return
        seat.porter.send({"acked": [number]})

    def _release(self, instance: str, but: Collection[str] = ()) -> None:
        """What this instance was given waits again, except for `but`."""
        for queue, line in self._book.lines.items():
            lost = [n for n, h in line.held.items() if h.instance == instance and n not in but]
            if not lost:
                continue
            log.info("%d requests of %s come back from %s", len(lost), queue, instance)
            if instance in self._alive:
                line.give_back(lost)
            else:
                self._lose(line, lost)

    def _lose(self, line: Line, ids: list[str]) -> None:
        """Their instance died."""
        for request in line.lose(ids):
            reason = f"ModelError: {MOST_LOSSES} instances ended while they worked on this request."
            self._expiry.end(line, request, reason, "invocation")

    # -- dealing out

    def _deal_soon(self, queue: str) -> None:
        self._hungry[queue] = None
        self._turn.soon(self._deal)

    def _deal(self) -> None:
        """Every endpoint that may have something to deal out gets its turn."""
        hungry, self._hungry = self._hungry, {}
        for queue in hungry:
            plan, line = self._book.plans.get(queue), self._book.lines.get(queue)
            if plan is not None and line is not None and queue in self._book.open and line.waiting:
                self._deal_some(plan, line)

    def _deal_some(self, plan: QueuePlan, line: Line) -> None:
        chosen: list[tuple[AsyncRequest, Seat, bool]] = []
        now = self._clock.now()
        while len(chosen) < _MOST_AT_ONCE:
            seat = self._next_seat(plan)
            request = line.next() if seat is not None else None
            if seat is None or request is None:
                break
            if request.expires <= now:
                self._expiry.end(line, request)
                continue
            chosen.append((request, seat, line.was_given(request)))
            seat.holding[request.id] = plan.queue
            line.hold(request, seat.instance, now)
        else:
            self._deal_soon(plan.queue)
        try:
            apart = [one.id for one, _, _ in chosen if one.inline and one.body is None]
            bodies = self._book.requests.bodies(apart) if apart else {}
        except OSError:
            for seat in {seat for _, seat, _ in chosen}:
                seat.porter.close()  # it comes back holding nothing of this
            raise
        for request, seat, again in chosen:
            body = request.body if request.body is not None else bodies.get(request.id)
            seat.porter.send({"take": _order(plan, request, again, body)})

    def _next_seat(self, plan: QueuePlan) -> Seat | None:
        rooms = [
            choose.Room(instance, variant, seat.free)
            for instance, variant in plan.instances.items()
            if (seat := self._seats.get(instance)) is not None
        ]
        instance = choose.next_instance(rooms, plan.weights, self._draw())
        return None if instance is None else self._seats.get(instance)

    # -- looking at it

    def take_counts(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(endpoint's key, variant) → what was counted since the last time."""
        return self._endings.take_counts()

    def backlogs(self) -> dict[str, dict[str, Any]]:
        """Endpoint's key → the metrics of its queue."""
        now = self._clock.now()
        return {
            plan.key: counts.backlog(plan, self._book.lines[plan.queue], now)
            for plan in self._book.plans.values()
        }

    def report(self, key: str) -> dict[str, Any] | None:
        """The metrics of an endpoint, by the key of its routing: {"queue": …, "variants": {name:
        …}}; None when it is not asynchronous."""
        plan = next((plan for plan in self._book.plans.values() if plan.key == key), None)
        if plan is None:
            return None
        return {
            "queue": counts.backlog(plan, self._book.lines[plan.queue], self._clock.now()),
            "variants": {
                variant: self._endings.counts(key, variant).report() for variant in plan.weights
            },
        }


def _order(
    plan: QueuePlan, request: AsyncRequest, again: bool, body: bytes | None
) -> dict[str, Any]:
    """What a porter is told to do: the request's document, and what else there is to know."""
    return {
        **request.document,
        "id": request.id,
        "received": request.received,
        "body": None if body is None else base64.b64encode(body).decode("ascii"),
        "again": again,
        "respond": [good for good in plan.includes if good in plan.topics],
    }


def _result(done: dict[str, Any]) -> Result:
    times = done.get("times") or {}
    return Result(
        good=bool(done["ok"]),
        reason=str(done.get("reason") or ""),
        kind=str(done.get("kind") or ""),
        status=int(done.get("status") or 0),
        content_type=str(done.get("content_type") or ""),
        response=done.get("response"),
        download_us=int(times.get("download_us") or 0),
        model_us=int(times.get("model_us") or 0),
        upload_us=int(times.get("upload_us") or 0),
    )
