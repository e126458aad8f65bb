"""Requests that waited for longer than they may, or that instances die of: a failure object, a
notice, and they are over.

There may be no instance to write the object, so control writes it itself, in a thread: a sentence.
A request that was out before may have its answer already; then it ends well. Where the store does
not take the object now the request stays where it is, and is looked at again.
"""

import asyncio
import logging
from collections.abc import Callable

from argosy.control.asynchronous.book import Book
from argosy.control.asynchronous.endings import Ended, Endings
from argosy.control.asynchronous.line import Line
from argosy.control.asynchronous.notices import Result
from argosy.objects.client import ObjectStore
from argosy.objects.errors import BadUri, BucketMissing, ObjectExists
from argosy.objects.explanation import explanation
from argosy.objects.uri import parse_s3_uri
from argosy.state.async_requests import AsyncRequest

log = logging.getLogger(__name__)

_MOST_AT_ONCE = 64

TellFailure = Callable[[AsyncRequest, str], bool]
"""(request, reason) → writes the failure object, in a thread; True when there is an answer already.
Raises ArgosyError or OSError when that cannot be done now."""


class Expiry:
    """Looks for expired requests, and ends them."""

    def __init__(self, book: Book, endings: Endings, tell_failure: TellFailure) -> None:
        self._book = book
        self._endings = endings
        self._tell_failure = tell_failure
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """What is not ended yet is looked at again by the next process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def look(self) -> None:
        """End what is over, some of it at a time."""
        if self._tasks:
            return
        book, now = self._book, self._book.clock.now()
        out = sum(len(line.held) for line in book.lines.values())
        for request in book.requests.expired(now, _MOST_AT_ONCE + out):
            line = book.lines.get(request.queue)
            if line is not None and request.queue in book.open and request.id not in line.held:
                self.end(line, request)

    def end(self, line: Line, request: AsyncRequest, reason: str = "", kind: str = "") -> None:
        """End one that waits, because it expired or for another reason. Idempotent."""
        if line.is_closed(request.id):
            return
        line.close([request])
        failed = Result(False, reason or _expired(request), kind or "expired")
        task = asyncio.create_task(self._end(line, request, failed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self, line: Line, request: AsyncRequest, failed: Result) -> None:
        try:
            there = await asyncio.to_thread(self._tell_failure, request, failed.reason)
        except Exception as error:
            log.warning("a request of %s cannot be ended now: %s", request.queue, error)
            line.put_back(request)
            return
        result = Result(True) if there else failed
        self._endings.add(Ended(request, result, lambda good: self._ended(line, request, good)))

    def _ended(self, line: Line, request: AsyncRequest, good: bool) -> None:
        if not good:
            line.put_back(request)


def _expired(request: AsyncRequest) -> str:
    return (
        "ClientError: The request expired: it waited for longer than its RequestTTLSeconds, "
        f"{request.expires - request.received:.0f} s."
    )


def failure_teller(store: ObjectStore) -> TellFailure:
    """Writes failure objects into this store."""

    def tell(request: AsyncRequest, reason: str) -> bool:
        asked = request.document
        try:
            if not asked.get("named") and store.exists(parse_s3_uri(asked["output"])):
                return True
            if asked.get("failure"):
                place = parse_s3_uri(asked["failure"])
                body, content_type = explanation(reason, asked.get("accept") or "")
                store.put(place, body, content_type, new=not asked.get("named"))
        except (BadUri, BucketMissing) as error:
            log.warning("nowhere to tell that a request expired: %s", error)
        except ObjectExists:
            pass
        return False

    return tell
