"""What the records of notebook instances and of EC2 instances have in common.

Each kind has its own words for where a machine is; `State` is what they mean.
"""

import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypedDict


class State(StrEnum):
    """Where a machine is in its life."""

    STARTING = "starting"
    ON = "on"
    STOPPING = "stopping"
    OFF = "off"
    CHANGING = "changing"
    """Off, and its settings were changed: off again in a moment."""
    FAILED = "failed"
    """Off, and not because somebody asked for it."""
    REMOVING = "removing"
    REMOVED = "removed"


UNSETTLED = (State.STARTING, State.ON, State.STOPPING, State.CHANGING, State.REMOVING)


class Link(TypedDict):
    """What is kept of a link into a JupyterLab."""

    digest: str
    """Of its token."""
    until: float
    session_s: int
    """How long the session lasts that it opens."""


class Machine(TypedDict):
    """A record's document["machine"]: what is asked of whoever runs it, and what came of it."""

    id: str
    """Name of its volume."""
    boot: str
    """Id of the start that it is in, or was in last. Another one asks for a start anew."""
    deaths: int
    """How often in a row it ended by itself soon after it had come up."""
    since: float
    """When its state was asked for, epoch seconds."""
    force: bool
    """Its processes are not to be waited for when it is stopped."""
    secret: str
    """Proves sessions in its JupyterLab; another one at each start."""
    links: list[Link]
    """Links that open such sessions."""
    wish: str
    """Id of the last wish that JupyterLab run in it; "" for none."""
    address: str
    """Where JupyterLab answers, if it does: "unix:/path"."""
    granted: str
    """The wish that `address` is the answer to."""


def new_machine(now: float) -> Machine:
    """One that was never on."""
    return {
        "id": f"v-{secrets.token_hex(8)}",
        "boot": new_boot(),
        "deaths": 0,
        "since": now,
        "force": False,
        "secret": secrets.token_hex(32),
        "links": [],
        "wish": "",
        "address": "",
        "granted": "",
    }


def new_boot() -> str:
    return f"b-{secrets.token_hex(6)}"


def started(document: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The document with a start asked for."""
    machine = {**new_machine(now), "id": document["machine"]["id"]}
    return {**document, "machine": machine}


def ending(document: Mapping[str, Any], now: float, *, force: bool = False) -> dict[str, Any]:
    """The document with an end asked for."""
    return {**document, "machine": {**document["machine"], "since": now, "force": force}}
