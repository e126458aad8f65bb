"""Tells whom buckets' notifications name of the answers that asynchronous requests have left in S3.

Sizes and ETags are left out: the porter that wrote an object has not told them.
"""

from argosy.control.asynchronous.notices import Result
from argosy.objects.uri import parse_s3_uri
from argosy.state.async_requests import AsyncRequest
from argosy.state.object_events import BUCKET_NOTIFICATION, happened
from argosy.state.records import Records
from argosy.state.remembered import Remembered
from argosy.state.transactions import Transactions

_NAME = "ObjectCreated:Put"
_NOT_WRITTEN = ("upload", "expired")


class WrittenAnswers:
    """Asks nothing of the database where no bucket has notifications."""

    def __init__(self, transactions: Transactions) -> None:
        self._records = Records(transactions)
        self._wanted = Remembered[bool](transactions, BUCKET_NOTIFICATION)

    def tell(self, request: AsyncRequest, result: Result, now: float) -> None:
        """Joins the transaction that is open: the one in which the request is over."""
        if not self._wanted.get("", lambda: bool(self._records.find(BUCKET_NOTIFICATION))):
            return
        place = place_of(request, result)
        if place:
            uri = parse_s3_uri(place)
            account = request.queue.partition("/")[0]
            happened(self._records, account, uri.bucket, uri.key, _NAME, None, "", now)


def place_of(request: AsyncRequest, result: Result) -> str:
    """The object that was written for a request, "" when none was."""
    if result.good:
        return str(request.document["output"])
    written = result.kind not in _NOT_WRITTEN
    return str(request.document.get("failure") or "") if written else ""
