"""Finds alarms for the calls that name them, and writes what became of them into the history."""

import json
from typing import Any

from argosy.services.cloudwatch.errors import LimitExceeded, ResourceNotFound
from argosy.services.registry import Call
from argosy.state.alarm_history import CONFIGURATION, AlarmHistory
from argosy.state.alarms import KINDS, find_alarm
from argosy.state.record import Record

MOST_ALARMS = 5000
"""Of one account in one region."""


def find(call: Call, name: str) -> Record:
    """The alarm. Raises ResourceNotFound."""
    record = there(call, name)
    if record is None:
        raise ResourceNotFound(f"Alarm {name} does not exist.")
    return record


def there(call: Call, name: str) -> Record | None:
    return find_alarm(call.records, call.caller.account, call.caller.region, name)


def every(call: Call, kind: str, prefix: str = "") -> list[Record]:
    """The account's alarms of a kind, by name."""
    found = call.records.find(kind, call.caller.account, call.caller.region, prefix=prefix)
    return sorted(found, key=lambda record: record.name)


def check_room(call: Call) -> None:
    """Raises LimitExceeded when no more alarms fit."""
    count = sum(
        key[:2] == (call.caller.account, call.caller.region)
        for kind in KINDS
        for key in call.records.versions(kind)
    )
    if count >= MOST_ALARMS:
        raise LimitExceeded(f"The maximum number of {MOST_ALARMS} alarms is reached.")


def history(call: Call) -> AlarmHistory:
    return AlarmHistory(call.records.transactions)


def note(call: Call, record: Record, did: str, members: dict[str, Any]) -> None:
    """Write a change of configuration into the history; `did`: "Create", "Update", "Delete"."""
    document = {"version": "1.0", "type": did, f"{did.lower()}dAlarm": {"configuration": members}}
    history(call).add(
        record.account,
        record.region,
        record.name,
        record.kind,
        CONFIGURATION,
        f'Alarm "{record.name}" {did.lower()}d',
        json.dumps(document, separators=(",", ":")),
        call.clock.now(),
    )
