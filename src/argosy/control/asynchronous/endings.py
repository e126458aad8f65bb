"""Requests that are over: out of the table and told to their topic in one commit, then counted."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from argosy.control.asynchronous import notices
from argosy.control.asynchronous.book import Book
from argosy.control.asynchronous.counts import VariantCounts
from argosy.control.asynchronous.notices import Result
from argosy.control.asynchronous.turn import Turn
from argosy.control.written_objects import WrittenObjects
from argosy.ground.errors import ApiError
from argosy.objects.uri import parse_s3_uri
from argosy.state.async_requests import AsyncRequest
from argosy.state.records import Records
from argosy.state.transactions import Transactions
from argosy.telemetry.sketch import bucket_of

log = logging.getLogger(__name__)

_TOGETHER_S = 0.01
"""Requests that end within so long are one commit: nobody waits for it but their notices."""
_SERVER_ERROR, _CLIENT_ERROR = 500, 400

Publish = Callable[[str, str], object]
"""(topic's ARN, message) → publishes it within the open transaction; raises ApiError."""
Traffic = Callable[[list[dict[str, Any]]], None]
"""Takes what was counted as an edge would tell it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """One request that is over."""

    request: AsyncRequest
    result: Result
    told: Callable[[bool], None]
    """Called with True when it is written down, with False when it could not be."""
    variant: str = ""
    """Whose instance worked on it; "" when none did."""
    given: float | None = None
    """When that instance was given it."""


class Endings:
    """Takes requests that are over, and writes them down in groups."""

    def __init__(
        self,
        book: Book,
        turn: Turn,
        transactions: Transactions,
        publish: Publish,
        traffic: Traffic,
    ) -> None:
        self._book = book
        self._turn = turn
        self._transactions = transactions
        self._written = WrittenObjects(Records(transactions))
        self._publish = publish
        self._traffic = traffic
        self._ended: dict[str, list[Ended]] = {}
        """By id: a porter may say the same again on another connection."""
        self._counts: dict[tuple[str, str], VariantCounts] = {}

    def add(self, ended: Ended) -> None:
        """Write it down with all others that end about now."""
        self._ended.setdefault(ended.request.id, []).append(ended)
        self._turn.soon(self._write, _TOGETHER_S)

    def counts(self, key: str, variant: str) -> VariantCounts:
        """What was counted of a variant, by the key of its endpoint's routing."""
        return self._counts.setdefault((key, variant), VariantCounts())

    def take_counts(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(endpoint's key, variant) → what was counted since the last time; no empty ones."""
        taken = ((name, counts.take()) for name, counts in self._counts.items())
        return {name: deltas for name, deltas in taken if deltas}

    def keep(self, keys: Iterable[str]) -> None:
        """Forget the counts of all other endpoints."""
        wanted = set(keys)
        self._counts = {name: kept for name, kept in self._counts.items() if name[0] in wanted}

    def _write(self) -> None:
        told = [one for same in self._ended.values() for one in same]
        ended = [same[0] for same in self._ended.values()]
        self._ended, now = {}, self._book.clock.now()
        try:
            with self._transactions.begin():
                self._book.requests.finish([one.request.id for one in ended])
                silent = [one for one in ended if not self._notify(one, now)]
                for one in ended:
                    self._tell_of_object(one, now)
        except OSError:
            log.exception("%d finished requests could not be written down", len(ended))
            for one in told:
                one.told(False)
            return
        for one in silent:
            self._counts_of(one).counters["NotificationFailures"] += 1
        for one in ended:
            self._count(one, now)
            line = self._book.lines.get(one.request.queue)
            if line is not None:
                line.end([one.request])
        for one in told:
            one.told(True)

    def _tell_of_object(self, one: Ended, now: float) -> None:
        """Tell whom the bucket's notifications name of the answer, or of the failure, in S3."""
        if place := notices.place_of(one.request, one.result):
            account = one.request.queue.partition("/")[0]
            self._written.tell(account, parse_s3_uri(place), now)

    def _notify(self, one: Ended, now: float) -> bool:
        """False when there is a topic that cannot be told."""
        plan = self._book.plans.get(one.request.queue)
        topic = plan.topics.get(one.result.good) if plan else None
        if plan is None or topic is None:
            return True
        try:
            self._publish(topic, notices.notice(one.request, one.result, plan.region, now))
        except ApiError as error:
            log.warning("endpoint %s: no notice to %s: %s", plan.endpoint, topic, error.message)
            return False
        return True

    def _count(self, one: Ended, now: float) -> None:
        plan = self._book.plans.get(one.request.queue)
        self._counts_of(one).ended(one.result, one.request.received, one.given, now)
        if plan is not None and one.variant and one.result.model_us:
            self._traffic([_as_traffic(plan.key, one)])

    def _counts_of(self, one: Ended) -> VariantCounts:
        """Of the variant that worked on it; of the first, when none did."""
        plan = self._book.plans.get(one.request.queue)
        if plan is None:
            return VariantCounts()
        return self.counts(plan.key, one.variant or next(iter(plan.weights)))


def _as_traffic(key: str, one: Ended) -> dict[str, Any]:
    """As an edge would tell it; but an asynchronous endpoint's invocations are counted apart."""
    result = one.result
    return {
        "endpoint": key,
        "variant": one.variant,
        "errors_4xx": int(_CLIENT_ERROR <= result.status < _SERVER_ERROR),
        "errors_5xx": int(result.status >= _SERVER_ERROR),
        "model_latency": {bucket_of(result.model_us): 1},
    }
