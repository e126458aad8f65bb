"""Tells whoever wants to know of the objects that a job has written."""

from collections.abc import Iterable

from argosy.ground.jobs import Written
from argosy.objects.uri import parse_s3_uri
from argosy.state import object_events
from argosy.state.records import Records

_NAME = "ObjectCreated:Put"


def announce_written(
    records: Records, account: str, written: Iterable[Written], now: float
) -> None:
    """Joins the transaction that is open: the one in which the job is over."""
    for one in written:
        uri = parse_s3_uri(one.uri)
        object_events.happened(
            records, account, uri.bucket, uri.key, _NAME, one.size, one.etag, now
        )
