"""What is set for a log group, and its metric filters: records beside the files.

A group is there when its folder is (`argosy.telemetry.logs`); the groups of the platform have no
record until something is set for them.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from argosy.state.records import Record, Records

GROUP = "log-group"
FILTER = "metric-filter"
PROGRESS = "metric-filter-progress"
"""Written every second while a group with filters is logged to."""


@dataclass(frozen=True)
class GroupSettings:
    """`retention_days`: how long events are kept; None for ever."""

    retention_days: int | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MetricFilter:
    """One metric filter; `transformation` is the member of that name in PutMetricFilter."""

    group: str
    name: str
    pattern: str
    transformation: dict[str, Any]
    created: float
    after: dict[str, int] = field(default_factory=dict)
    """Where each stream ended when the filter was put: what lies before is not for it."""


def settings_of(records: Records, account: str, region: str, group: str) -> GroupSettings:
    record = records.get(GROUP, account, region, group)
    return GroupSettings() if record is None else GroupSettings(**record.document)


def set_settings(
    records: Records, account: str, region: str, group: str, settings: GroupSettings, now: float
) -> None:
    with records.transaction():
        record = records.get(GROUP, account, region, group)
        if record is None:
            records.create(GROUP, account, region, group, asdict(settings), now=now)
        else:
            records.update(record, document=asdict(settings), now=now)


def retentions(records: Records) -> dict[tuple[str, str, str], int | None]:
    """(account, region, group) → days or None, for the groups for which something was set."""
    return {
        (record.account, record.region, record.name): record.document["retention_days"]
        for record in records.find(GROUP)
    }


def forget_group(records: Records, account: str, region: str, group: str) -> None:
    """Remove what is set for a group, and its filters."""
    with records.transaction():
        records.delete(GROUP, account, region, group)
        for one in filters_of(records, account, region, group):
            remove_filter(records, account, region, group, one.name)
        records.delete(PROGRESS, account, region, group)


def put_filter(
    records: Records, account: str, region: str, given: MetricFilter, now: float
) -> None:
    """Add a metric filter, or take the place of the one with its name."""
    document = asdict(given)
    with records.transaction():
        record = records.get(FILTER, account, region, _key(given.group, given.name))
        if record is None:
            name = _key(given.group, given.name)
            records.create(FILTER, account, region, name, document, now=now)
        else:
            records.update(record, document=document, now=now)


def filters_of(records: Records, account: str, region: str, group: str = "") -> list[MetricFilter]:
    """The metric filters of the group, or all of them, by group and name."""
    found = records.find(FILTER, account, region, prefix=f"{group}:" if group else "")
    return sorted(map(filter_of, found), key=lambda one: (one.group, one.name))


def filter_of(record: Record) -> MetricFilter:
    """The metric filter that a record of kind FILTER holds."""
    return MetricFilter(**record.document)


def remove_filter(records: Records, account: str, region: str, group: str, name: str) -> bool:
    """False when there was none. With the last one goes how far its group was read."""
    with records.transaction():
        there = records.delete(FILTER, account, region, _key(group, name))
        if not filters_of(records, account, region, group):
            records.delete(PROGRESS, account, region, group)
    return there


def progress_of(records: Records, account: str, region: str, group: str) -> dict[str, int] | None:
    """To which position each stream was read by the group's filters; None before the first."""
    record = records.get(PROGRESS, account, region, group)
    return None if record is None else dict(record.document)


def set_progress(
    records: Records, account: str, region: str, group: str, positions: dict[str, int], now: float
) -> None:
    with records.transaction():
        record = records.get(PROGRESS, account, region, group)
        if record is None:
            records.create(PROGRESS, account, region, group, positions, now=now)
        else:
            records.update(record, document=positions, now=now)


def _key(group: str, name: str) -> str:
    """No name of a group or a filter has a colon."""
    return f"{group}:{name}"
