"""The requests that an instance works on: a thread for each that is open, as many as it may have.

Control gives no more than were asked for. What is over stays here until control has written it
down. When the instance is to go, what comes is given back and what is open is ended.
"""

import contextlib
import logging
import queue
import resource
import threading
import time
from typing import Any

from argosy.agent.porter.asynchronous.model import Broken, ModelLine
from argosy.agent.porter.asynchronous.report import Outcome, done, line
from argosy.agent.porter.asynchronous.trip import Trip
from argosy.agent.porter.job import Surroundings
from argosy.objects.client import ObjectStore
from argosy.objects.errors import BadUri, StoreAway

log = logging.getLogger(__name__)

_IDLE_S = 20.0
_STORE_AWAY_S = 1.0
_DEATH_IS_SEEN_S = 5.0
"""When the model's process ends, so does this one, by the agent's hand; else something is odd."""


class AsyncJob:
    """A `Job` (see `argosy.agent.porter.job`)."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        assert around.spec.work is not None
        self._concurrency = around.spec.work.get("concurrency", 1)
        self._store = ObjectStore(
            around.spec.store, connections=self._concurrency + 1, patience_s=10.0
        )
        self._orders: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._holding: set[str] = set()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._leaving = threading.Event()

    def begin(self) -> None:
        """Each open request has a connection to each container and one to the store."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def holding(self) -> list[str]:
        """Ids of what is open, or over and not yet written down by control."""
        with self._lock:
            return list(self._holding)

    def told(self, message: dict[str, Any]) -> None:
        """Control gives a request, or has written results down."""
        if "take" in message:
            self._take(message["take"])
        elif "acked" in message:
            self._around.link.acknowledged(message["acked"])
            with self._lock:
                self._holding.difference_update(message["acked"])

    def _take(self, order: dict[str, Any]) -> None:
        with self._lock:
            if order["id"] in self._holding:
                return
            leaving = self._leaving.is_set()
            if not leaving:
                self._holding.add(order["id"])
                self._orders.put(order)
                self._have_thread()
        if leaving:
            self._around.link.tell({"back": [order["id"]]})

    def _have_thread(self) -> None:
        """One more, if none is free and there may be more."""
        if self._orders.qsize() > self._idle and len(self._threads) < self._concurrency:
            thread = threading.Thread(target=self._work, daemon=True)
            self._threads.add(thread)
            thread.start()

    def finish(self) -> None:
        """Take nothing new; returns when all that is open has ended."""
        self._around.link.tell({"leaving": True})
        with self._lock:
            self._leaving.set()
            threads = list(self._threads)
        for _ in threads:
            self._orders.put(None)
        for thread in threads:
            thread.join()
        self._store.close()

    # -- a slot

    def _work(self) -> None:
        lines = [ModelLine(address) for address in self._around.addresses]
        try:
            while (order := self._next()) is not None:
                self._carry(lines, order)
        finally:
            for one in lines:
                one.close()

    def _next(self) -> dict[str, Any] | None:
        """What to do next; None when this thread is to end."""
        with self._lock:
            self._idle += 1
        try:
            order = self._orders.get(timeout=_IDLE_S)
        except queue.Empty:
            order = None
        with self._lock:
            self._idle -= 1
            if order is None and not self._leaving.is_set() and not self._orders.empty():
                order = self._orders.get()
            if order is None:
                self._threads.discard(threading.current_thread())
        return order

    def _carry(self, lines: list[ModelLine], order: dict[str, Any]) -> None:
        begun = time.time()
        outcome = self._outcome(lines, order)
        if outcome is None:
            self._give_back(order["id"])
            return
        self._around.log.say(line(order, outcome, time.time(), begun))
        self._around.link.report(order["id"], done(order["id"], outcome))

    def _outcome(self, lines: list[ModelLine], order: dict[str, Any]) -> Outcome | None:
        """How it ended; None when it has to be given back."""
        while True:
            try:
                trip = Trip(self._around.spec, self._store, lines, order)
                return self._go(trip, order["id"])
            except BadUri as error:  # of the output: there is nowhere to write
                return Outcome(False, kind="upload", reason=f"ClientError: {error}")
            except StoreAway as error:
                self._around.log.say(f"[{order['inference_id']}] {error} Trying again.")
                order = {**order, "again": True}
                if self._leaving.wait(_STORE_AWAY_S):
                    return None

    def _go(self, trip: Trip, number: str) -> Outcome:
        """Raises StoreAway."""
        try:
            return trip.go()
        except StoreAway:
            raise
        except Broken as error:
            # The agent sees the end of the model's process and ends us: control gives it out
            # again. Only a process that lives on and broke the connection is to blame.
            time.sleep(_DEATH_IS_SEEN_S)
            reason = f"ModelError: The connection to the model broke: {error}."
        except Exception as error:
            log.exception("request %s cannot be carried out", number)
            reason = f"InternalServerError: {type(error).__name__}"
        return trip.fail(Outcome(False, kind="invocation", reason=reason, text=reason.encode()))

    def _give_back(self, number: str) -> None:
        with self._lock:
            self._holding.discard(number)
        self._around.link.tell({"back": [number]})
