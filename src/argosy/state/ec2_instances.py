"""The documents of EC2 instances, and what becomes of them when somebody asks: start, stop, reboot
or terminate.

Whoever changes one calls `change`, which also tells of it: a handler, or an alarm's action.
"""

import secrets
from datetime import UTC, datetime
from typing import Any, TypedDict

from argosy.ground.names import EC2_LOG_GROUP
from argosy.state import machines
from argosy.state.events import EventOutbox
from argosy.state.machines import Machine, State, new_machine
from argosy.state.record import Record
from argosy.state.records import Records

EC2_INSTANCE = "ec2-instance"
LOG_GROUP = EC2_LOG_GROUP
USER_DATA = "UserData"

PENDING = "pending"
RUNNING = "running"
SHUTTING_DOWN = "shutting-down"
TERMINATED = "terminated"
STOPPING = "stopping"
STOPPED = "stopped"

CODES = {PENDING: 0, RUNNING: 16, SHUTTING_DOWN: 32, TERMINATED: 48, STOPPING: 64, STOPPED: 80}
STATES = {
    PENDING: State.STARTING,
    RUNNING: State.ON,
    STOPPING: State.STOPPING,
    STOPPED: State.OFF,
    SHUTTING_DOWN: State.REMOVING,
    TERMINATED: State.REMOVED,
}

START, STOP, REBOOT, TERMINATE = "start", "stop", "reboot", "terminate"
_ALLOWED = {
    START: {STOPPED: PENDING, PENDING: PENDING, RUNNING: RUNNING},
    STOP: {PENDING: STOPPING, RUNNING: STOPPING, STOPPING: STOPPING, STOPPED: STOPPED},
    REBOOT: {PENDING: PENDING, RUNNING: RUNNING},
    TERMINATE: {
        **dict.fromkeys((PENDING, RUNNING, STOPPING, STOPPED, SHUTTING_DOWN), SHUTTING_DOWN),
        TERMINATED: TERMINATED,
    },
}
"""What is asked → from which state to which."""

SHUTDOWN = ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown")
SWITCHED_OFF = (
    "Client.InstanceInitiatedShutdown",
    "Client.InstanceInitiatedShutdown: Instance initiated shutdown",
)


class Ec2Document(TypedDict):
    """An instance; the record's name is its id."""

    asked: dict[str, Any]
    """Members of RunInstances that are shown again."""
    reservation: str
    index: int
    token: str
    """The ClientToken of the call that made it."""
    user_data: str
    """A script, or ""."""
    role: str
    """ARN of the role of its instance profile, or ""."""
    tags: list[dict[str, str]]
    launched: float
    reason: tuple[str, str]
    """Code and message of the last change of state; empty texts for none."""
    transition: str
    machine: Machine


def new_id(letter: str) -> str:
    """An id of an instance ("i") or a reservation ("r")."""
    return f"{letter}-{secrets.token_hex(9)[:17]}"


def new_document(now: float, **given: Any) -> Ec2Document:
    """One that is about to start."""
    return {
        "asked": given["asked"],
        "reservation": given["reservation"],
        "index": given["index"],
        "token": given["token"],
        "user_data": given["user_data"],
        "role": given["role"],
        "tags": given["tags"],
        "launched": now,
        "reason": ("", ""),
        "transition": "",
        "machine": new_machine(now),
    }


def next_state(record: Record, what: str) -> str | None:
    """The state that this asks for; None when the instance is in no state for it."""
    return _ALLOWED[what].get(record.status)


def change(records: Records, record: Record, what: str, now: float, *, force: bool = False) -> None:
    """Write down what is asked for and can be (`next_state`), and tell of another state."""
    status = next_state(record, what)
    assert status is not None
    if status == record.status and what != REBOOT:
        return
    document: dict[str, Any] = dict(record.document)
    if what == START:
        document = {**machines.started(document, now), "launched": now}
        document |= {"reason": ("", ""), "transition": ""}
    elif what == REBOOT:
        machine = {**document["machine"], "boot": machines.new_boot(), "since": now, "deaths": 0}
        document["machine"] = machine
    else:
        document = machines.ending(document, now, force=force)
        document |= {"reason": SHUTDOWN, "transition": f"User initiated ({_moment(now)})"}
    with records.transaction():
        after = records.update(record, now=now, document=document, status=status)
        announce(records, record, after, now)


def announce(records: Records, before: Record | None, after: Record, now: float) -> None:
    """Tell of a new state, as EC2's events do."""
    if before is not None and before.status == after.status:
        return
    EventOutbox(records.transactions).add(
        after.account,
        after.region,
        "aws.ec2",
        "EC2 Instance State-change Notification",
        [arn_of(after)],
        {"instance-id": after.name, "state": after.status},
        now,
    )


def arn_of(record: Record) -> str:
    return f"arn:aws:ec2:{record.region}:{record.account}:instance/{record.name}"


def _moment(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S GMT")
