"""The documents of notebook instances and of their lifecycle configurations.

`services` write what is asked; `control` has the machine run.
"""

from collections.abc import Iterable
from typing import Any, NotRequired, TypedDict

from argosy.ground.names import NOTEBOOK_LOG_GROUP
from argosy.ground.notebooks import site_name
from argosy.ground.routes import NotebookEntry
from argosy.state.machines import Machine, State, new_machine
from argosy.state.record import Record

NOTEBOOK = "notebook-instance"
"""Kind of record and type in an ARN."""
LIFECYCLE = "notebook-instance-lifecycle-config"
LOG_GROUP = NOTEBOOK_LOG_GROUP

PENDING = "Pending"
IN_SERVICE = "InService"
STOPPING = "Stopping"
STOPPED = "Stopped"
FAILED = "Failed"
DELETING = "Deleting"
UPDATING = "Updating"

STATES = {
    PENDING: State.STARTING,
    IN_SERVICE: State.ON,
    STOPPING: State.STOPPING,
    STOPPED: State.OFF,
    FAILED: State.FAILED,
    UPDATING: State.CHANGING,
    DELETING: State.REMOVING,
}


class NotebookDocument(TypedDict):
    """A notebook instance. Its status stands in the record's own column."""

    arn: str
    asked: dict[str, Any]
    """The members of CreateNotebookInstance as they are now, defaults filled in."""
    failure_reason: str
    made: NotRequired[bool]
    """It has been in service: OnCreate is for instances that have not."""
    machine: Machine


class LifecycleDocument(TypedDict):
    """A lifecycle configuration: its scripts in base64, as they came; "" for none."""

    arn: str
    on_create: str
    on_start: str


def new_notebook(arn: str, asked: dict[str, Any], now: float) -> NotebookDocument:
    return {"arn": arn, "asked": asked, "failure_reason": "", "machine": new_machine(now)}


def site_of(record: Record) -> str:
    """How its site on the public port is called (`ground.notebooks`)."""
    return site_name(record.name, record.document["machine"]["id"])


def sites(records: Iterable[Record]) -> dict[str, NotebookEntry]:
    """What edges have to know of instances that are in service: those whose JupyterLab runs."""
    return {
        site_of(record): {"address": machine["address"], "secret": machine["secret"]}
        for record in records
        for machine in [record.document["machine"]]
        if machine["address"]
    }
