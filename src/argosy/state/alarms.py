"""The document of a CloudWatch alarm: what it watches, and what became of it.

A record of kind "alarm" watches a metric, one of kind "composite-alarm" other alarms; both share
one space of names. The record's status is the alarm's state. Whoever sets a state by hand writes it
here, with a `Change` that control has yet to announce: actions, history and events are control's.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NotRequired, TypedDict

from argosy.state.record import Record
from argosy.state.records import Records

ALARM = "alarm"
COMPOSITE = "composite-alarm"
KINDS = (ALARM, COMPOSITE)

OK = "OK"
IN_ALARM = "ALARM"
INSUFFICIENT = "INSUFFICIENT_DATA"

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]

ACTIONS = {OK: "OKActions", IN_ALARM: "AlarmActions", INSUFFICIENT: "InsufficientDataActions"}
"""State → member that holds the ARNs of what is to be done when it is reached."""

_UNCHECKED = "Unchecked: Initial alarm creation"
_MOST_UNANNOUNCED = 20


class Change(TypedDict):
    """A state that was left for another one."""

    previous: str
    previous_reason: str
    previous_data: str
    previous_at: float
    state: str
    reason: str
    data: str
    at: float


class AlarmDocument(TypedDict):
    """An alarm. Times in epoch seconds."""

    members: dict[str, Any]
    """The input of PutMetricAlarm or PutCompositeAlarm, without Tags."""
    tags: dict[str, str]
    reason: str
    reason_data: str
    """JSON, or "" where none was given."""
    since: float
    """When the state was last set, to another one or with another reason."""
    transitioned: float
    """When it last became another one."""
    configured: float
    managed: bool
    """Made by a scaling policy; its Period may be one that PutMetricAlarm refuses."""
    unannounced: NotRequired[list[Change]]
    suppressed: NotRequired[dict[str, Any]]
    """Of a composite alarm: {"by", "reason", "since", "owed": Change | None} while its actions are
    held back."""


def alarm_arn(account: str, region: str, name: str) -> str:
    return f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"


def put_alarm(
    records: Records,
    account: str,
    region: str,
    members: Mapping[str, Any],
    now: float,
    *,
    managed: bool = False,
    kind: str = ALARM,
    tags: Mapping[str, str] | None = None,
) -> Record:
    """Make an alarm of these members, or replace the one of that name wholly; its state is kept.

    members: the input of PutMetricAlarm or PutCompositeAlarm, checked by the caller. Tags are those
    of a new alarm only, as CloudWatch has it.
    """
    said = {key: value for key, value in members.items() if key != "Tags" and value is not None}
    name = said["AlarmName"]
    with records.transaction():
        record = records.get(kind, account, region, name)
        if record is not None:
            document = {**record.document, "members": said, "configured": now, "managed": managed}
            return records.update(record, now=now, document=document)
        fresh: AlarmDocument = {
            "members": said,
            "tags": dict(tags or {}),
            "reason": _UNCHECKED,
            "reason_data": "",
            "since": now,
            "transitioned": now,
            "configured": now,
            "managed": managed,
        }
        return records.create(
            kind, account, region, name, dict(fresh), now=now, status=INSUFFICIENT
        )


def find_alarm(records: Records, account: str, region: str, name: str) -> Record | None:
    """The alarm of either kind."""
    found = (records.get(kind, account, region, name) for kind in KINDS)
    return next((one for one in found if one is not None), None)


def delete_alarm(records: Records, account: str, region: str, name: str) -> bool:
    """Remove an alarm of either kind; False when there was none."""
    with records.transaction():
        return any(records.delete(kind, account, region, name) for kind in KINDS)


def states_of(
    records: Records, account: str, region: str, names: Iterable[str]
) -> dict[str, State]:
    """The states of alarms of either kind, by name; those that do not exist are absent."""
    found = {name: find_alarm(records, account, region, name) for name in names}
    return {name: one.status for name, one in found.items() if one}  # type: ignore[misc]


def moved(record: Record, state: str, reason: str, data: str, now: float) -> dict[str, Any]:
    """The document of an alarm that is found to be in a state, its own or another one."""
    document = {**record.document, "reason": reason, "reason_data": data, "since": now}
    return document if state == record.status else {**document, "transitioned": now}


def change_of(record: Record, state: str, reason: str, data: str, now: float) -> Change:
    """What is to be announced when this alarm goes into another state."""
    document = record.document
    return {
        "previous": record.status,
        "previous_reason": document["reason"],
        "previous_data": document["reason_data"],
        "previous_at": document["since"],
        "state": state,
        "reason": reason,
        "data": data,
        "at": now,
    }


def set_state(
    records: Records, record: Record, state: str, reason: str, data: str, now: float
) -> Record:
    """Put an alarm into a state by hand; the next evaluation decides anew."""
    document = moved(record, state, reason, data, now)
    if state != record.status:
        change = change_of(record, state, reason, data, now)
        document["unannounced"] = [*document.get("unannounced", []), change][-_MOST_UNANNOUNCED:]
    return records.update(record, now=now, document=document, status=state, touch=False)
