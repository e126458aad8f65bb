"""Notebook instances as machines: their lifecycle scripts, their volume, and their words."""

import base64
from typing import Any

from argosy.control.machines.deciding import Plan
from argosy.control.machines.kinds import environment
from argosy.control.means import Means
from argosy.ground.machines import SAGEMAKER_DIR, MachineSpec, Script
from argosy.ground.notebooks import site_name, site_path
from argosy.state import notebooks
from argosy.state.machines import State
from argosy.state.notebooks import LIFECYCLE, NOTEBOOK
from argosy.state.record import Record

_TAGS = "tags"


class Notebooks:
    """`kinds.Kind` of notebook instances."""

    kind = NOTEBOOK
    states = notebooks.STATES

    def status(self, state: State) -> str:
        return next((name for name, meant in self.states.items() if meant is state), "")

    def machine(self, means: Means, record: Record) -> MachineSpec:
        document = record.document
        arn, asked, machine = document["arn"], document["asked"], document["machine"]
        return MachineSpec(
            kind=NOTEBOOK,
            host_name=record.name,
            volume=str(means.data_dir.volumes / machine["id"]),
            volume_at=SAGEMAKER_DIR,
            scripts=_scripts(means, record),
            environment=environment(means, record.region),
            metadata={"ResourceArn": arn, "ResourceName": record.name},
            site=site_path(site_name(record.name, machine["id"])),
            file_gb=asked["VolumeSizeInGB"],
            grace_s=means.settings.machine_grace_s,
        )

    def log_group(self, record: Record) -> str:
        return notebooks.LOG_GROUP

    def role(self, record: Record) -> str:
        return str(record.document["asked"]["RoleArn"])

    def adjusted(self, record: Record, plan: Plan) -> Plan:
        return plan

    def document(self, record: Record, plan: Plan, now: float) -> dict[str, Any]:
        document = {**record.document, "machine": plan.machine}
        if plan.state is State.ON:
            document["made"] = True
        if plan.state is State.FAILED:
            document["failure_reason"] = plan.reason
        return document

    def changed(self, means: Means, before: Record, after: Record, now: float) -> None:
        """What is written by `carrying_out` is told of by it."""

    def removed(self, means: Means, record: Record, now: float) -> None:
        records = means.records
        with records.transaction():
            records.delete(_TAGS, record.account, record.region, record.document["arn"])
            records.delete(record.kind, record.account, record.region, record.name)

    def forgotten(self, means: Means, now: float) -> None:
        """No record outlives its instance."""


def _scripts(means: Means, record: Record) -> tuple[Script, ...]:
    """OnCreate, once on a volume, then OnStart; each as the configuration has it now. One that is
    given an OnCreate later never runs it."""
    name = record.document["asked"].get("LifecycleConfigName")
    found = means.records.get(LIFECYCLE, record.account, record.region, name) if name else None
    if found is None:
        return ()
    on_create = "" if record.document.get("made") else found.document["on_create"]
    texts = {"OnCreate": on_create, "OnStart": found.document["on_start"]}
    which = (
        f"Notebook Instance Lifecycle Config '{found.document['arn']}' for Notebook Instance "
        f"'{record.document['arn']}'"
    )
    limit = means.settings.lifecycle_timeout_s
    return tuple(
        Script(
            name=script,
            text=base64.b64decode(content).decode("utf-8", "replace"),
            stream=f"{record.name}/LifecycleConfig{script}",
            once=script == "OnCreate",
            limit_s=limit,
            failed=f"{which} failed. Please check your CloudWatch logs for more details.",
            late=f"{which} took longer than {_minutes(limit)}. Please check your CloudWatch logs "
            "for more details.",
        )
        for script, content in texts.items()
        if content
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds % 60 == 0 else f"{seconds:g} seconds"
