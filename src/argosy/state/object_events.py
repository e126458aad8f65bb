"""Objects that were written or removed, told to whom the bucket's notifications say.

Whoever has written an object, or knows that one was written, calls `happened` in the transaction in
which that is taken for done. Nothing comes of it where the bucket has no notification configuration
that wants it. This file looks at no object and checks no configuration.
"""

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from argosy.state import object_event_forms as forms
from argosy.state.event_deliveries import EventDeliveries, EventDelivery
from argosy.state.events import EventOutbox
from argosy.state.records import Record, Records

BUCKET_NOTIFICATION = "bucket-notification"
"""Kind of the record: its document is the configuration, and "Region", where it was put."""
EVENTBRIDGE = "EventBridgeConfiguration"
LISTS = {
    "TopicConfigurations": "TopicArn",
    "QueueConfigurations": "QueueArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}
"""Lists of a configuration, and the member that names the destination."""
SERVICE = "s3.amazonaws.com"
BUCKET_REMOVED = "BucketRemoved"
"""What edges call it when a bucket goes, and with it its configuration."""


@dataclass(frozen=True)
class Asker:
    """Who had it happen."""

    principal: str = ""
    """Account or user id; "" for the platform itself."""
    source_ip: str = "127.0.0.1"
    request_id: str = ""
    trace: str = ""
    """X-Amzn-Trace-Id of the request, by which circles are found."""


def happened(
    records: Records,
    account: str,
    bucket: str,
    key: str,
    name: str,
    size: int | None,
    etag: str,
    now: float,
    *,
    version_id: str = "",
    asker: Asker | None = None,
) -> int:
    """Tell of one object; joins the transaction that is open. Returns how many are told.

    name: "ObjectCreated:Put", "ObjectRemoved:Delete", … without "s3:". size: bytes, None where
    nobody knows or there is none any more. etag: with or without quotes.
    """
    record = records.get(BUCKET_NOTIFICATION, account, "", bucket)
    if record is None:
        return 0
    asker = asker or Asker()
    asker = asker if asker.request_id else Asker(**{**vars(asker), "request_id": _request_id()})
    what = forms.ObjectEvent(
        account=account,
        region=region_of(record),
        bucket=bucket,
        key=key,
        name=name,
        size=size,
        etag=etag.strip('"'),
        version_id=version_id,
        sequencer=_sequencer(),
        principal=asker.principal or account,
        source_ip=asker.source_ip,
        request_id=asker.request_id,
        at=now,
    )
    with records.transaction():
        return _tell(records, record, what, asker.trace)


def region_of(record: Record) -> str:
    """Where a bucket's notifications belong to: where their destinations are."""
    document = record.document
    arns = [arn for _, arn in destinations(document)]
    return str(document.get("Region") or (arns[0].split(":")[3] if arns else "us-east-1"))


def destinations(configuration: Mapping[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Its entries that name a destination, each with the ARN."""
    return [
        (entry, str(entry[member]))
        for name, member in LISTS.items()
        for entry in configuration.get(name) or ()
    ]


def wants(entry: Mapping[str, Any], name: str, key: str) -> bool:
    """Whether an entry of a configuration wants that event of that key."""
    family = name.partition(":")[0]
    asked = {f"s3:{name}", f"s3:{family}:*", f"s3:{family}"}
    if not asked & set(entry["Events"]):
        return False
    prefix, suffix = ends_of(entry)
    return key.startswith(prefix) and key.endswith(suffix)


def ends_of(entry: Mapping[str, Any]) -> tuple[str, str]:
    """The prefix and the suffix that an entry's filter asks for."""
    rules = ((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ()
    found = {str(rule.get("Name", "")).lower(): str(rule.get("Value") or "") for rule in rules}
    return found.get("prefix", ""), found.get("suffix", "")


def _tell(records: Records, record: Record, what: forms.ObjectEvent, trace: str) -> int:
    deliveries, told = EventDeliveries(records.transactions), 0
    for entry, arn in _wanting(record, what):
        body = json.dumps(forms.notification(what, entry.get("Id", "")), separators=(",", ":"))
        deliveries.add(
            EventDelivery(
                account=what.account,
                region=what.region,
                service=SERVICE,
                origin=f"arn:aws:s3:::{what.bucket}",
                target={"Arn": arn},
                body=body,
                created=what.at,
                next_at=what.at,
                trace=trace,
            )
        )
        told += 1
    if record.document.get(EVENTBRIDGE) is None:
        return told
    EventOutbox(records.transactions).add(
        what.account,
        what.region,
        forms.SOURCE,
        forms.detail_type(what),
        [f"arn:aws:s3:::{what.bucket}"],
        forms.detail(what),
        what.at,
        trace=trace,
    )
    return told + 1


def _wanting(record: Record, what: forms.ObjectEvent) -> Iterator[tuple[dict[str, Any], str]]:
    for entry, arn in destinations(record.document):
        if wants(entry, what.name, what.key):
            yield entry, arn


class _Sequence:
    """Numbers that rise, also where the machine's clock stands still."""

    last = 0

    def next(self) -> int:
        self.last = max(time.time_ns(), self.last + 1)
        return self.last


_sequence = _Sequence()


def _sequencer() -> str:
    return f"{_sequence.next():018X}"


def _request_id() -> str:
    return uuid.uuid4().hex[:16].upper()
