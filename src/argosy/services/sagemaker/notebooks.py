"""Notebook instances: whether they shall be on, written down; control has them so.

Texts of errors: reference/automation.md §7. Which state allows what: `_FROM`.
"""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.ground.notebooks import site_path
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.finding import arn_of
from argosy.services.sagemaker.lifecycle_configs import check_config
from argosy.services.sagemaker.listing import answer, page_of
from argosy.services.sagemaker.refusals import refuse_unsupported
from argosy.services.sagemaker.tags import check_tags, set_tags
from argosy.state import machines, notebooks
from argosy.state.notebooks import NOTEBOOK
from argosy.state.records import Record
from argosy.state.state_changes import announce

_DEFAULTS = {
    "VolumeSizeInGB": 5,
    "DirectInternetAccess": "Enabled",
    "RootAccess": "Enabled",
    "PlatformIdentifier": "notebook-al2-v3",
}
_FROM = {
    notebooks.PENDING: (notebooks.STOPPED, notebooks.FAILED),
    notebooks.STOPPING: (notebooks.IN_SERVICE,),
    notebooks.UPDATING: (notebooks.STOPPED, notebooks.FAILED),
    notebooks.DELETING: (notebooks.STOPPED, notebooks.FAILED),
}
"""A status that a call asks for → those from which it can be reached."""
_NEVER_THERE = (
    "DisassociateAcceleratorTypes",
    "DisassociateDefaultCodeRepository",
    "DisassociateAdditionalCodeRepositories",
)
"""There are none of those, so that taking them away is done already."""
_BY_SCRIPT = "NotebookInstanceLifecycleConfigNameContains"
_SHOWN = (
    "InstanceType",
    "RoleArn",
    "DirectInternetAccess",
    "VolumeSizeInGB",
    "RootAccess",
    "PlatformIdentifier",
    "IpAddressType",
    "InstanceMetadataServiceConfiguration",
)


@operation("sagemaker", "CreateNotebookInstance")
def create_notebook_instance(call: Call) -> dict[str, Any]:
    asked = {**_DEFAULTS, **{n: value for n, value in call.input.items() if value is not None}}
    name, tags = asked.pop("NotebookInstanceName"), asked.pop("Tags", None)
    check_tags(tags)
    refuse_unsupported("CreateNotebookInstance", asked)
    _check_volume(asked["VolumeSizeInGB"])
    arn, now, caller = arn_of(call, NOTEBOOK, name), call.clock.now(), call.caller
    with call.records.transaction():
        if call.records.get_any_case(NOTEBOOK, caller.account, caller.region, name):
            raise ValidationException(f"Cannot create a duplicate Notebook Instance ({arn})")
        check_config(call, asked.get("LifecycleConfigName"))
        made = call.records.create(
            NOTEBOOK,
            caller.account,
            caller.region,
            name,
            dict(notebooks.new_notebook(arn, asked, now)),
            now=now,
            status=notebooks.PENDING,
        )
        set_tags(call, arn, tags)
        announce(call.records, made, now)
    return {"NotebookInstanceArn": arn}


@operation("sagemaker", "DescribeNotebookInstance")
def describe_notebook_instance(call: Call) -> dict[str, Any]:
    record = found(call)
    asked = record.document["asked"]
    return {
        **summary(call, record),
        **{name: asked[name] for name in _SHOWN if asked.get(name) is not None},
        "FailureReason": record.document["failure_reason"] or None,
    }


@operation("sagemaker", "ListNotebookInstances")
def list_notebook_instances(call: Call) -> dict[str, Any]:
    refuse_unsupported("ListNotebookInstances", call.input)
    part = call.input.get(_BY_SCRIPT)
    page = page_of(
        call, NOTEBOOK, member_contains=("asked.LifecycleConfigName", part) if part else None
    )
    return answer("NotebookInstances", [summary(call, one) for one in page.records], page)


@operation("sagemaker", "StartNotebookInstance")
def start_notebook_instance(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        record = _reachable(call, notebooks.PENDING)
        document = machines.started(record.document, call.clock.now())
        _begin(call, record, {**document, "failure_reason": ""}, notebooks.PENDING)
    return {}


@operation("sagemaker", "StopNotebookInstance")
def stop_notebook_instance(call: Call) -> dict[str, Any]:
    _end(call, notebooks.STOPPING)
    return {}


@operation("sagemaker", "DeleteNotebookInstance")
def delete_notebook_instance(call: Call) -> dict[str, Any]:
    _end(call, notebooks.DELETING)
    return {}


@operation("sagemaker", "UpdateNotebookInstance")
def update_notebook_instance(call: Call) -> dict[str, Any]:
    """Of one that is off; what it is now holds from its next start on."""
    asked = {name: value for name, value in call.input.items() if value is not None}
    asked.pop("NotebookInstanceName")
    refuse_unsupported("UpdateNotebookInstance", asked)
    without = asked.pop("DisassociateLifecycleConfig", False)
    for member in _NEVER_THERE:
        asked.pop(member, None)
    if without and asked.get("LifecycleConfigName"):
        raise ValidationException(
            "Give a LifecycleConfigName, or have it taken away by DisassociateLifecycleConfig."
        )
    with call.records.transaction():
        record = _reachable(call, notebooks.UPDATING)
        before, now = dict(record.document["asked"]), call.clock.now()
        check_config(call, asked.get("LifecycleConfigName"))
        _check_volume(asked.get("VolumeSizeInGB"), before["VolumeSizeInGB"])
        if without:
            before.pop("LifecycleConfigName", None)
        document = {**machines.ending(record.document, now), "asked": {**before, **asked}}
        document["failure_reason"] = ""
        _begin(call, record, document, notebooks.UPDATING)
    return {}


def found(call: Call) -> Record:
    """The notebook instance that is named; raises ValidationException."""
    name = call.input["NotebookInstanceName"]
    record = call.records.get(NOTEBOOK, call.caller.account, call.caller.region, name)
    if record is None:
        raise ValidationException("RecordNotFound")
    return record


def summary(call: Call, record: Record) -> dict[str, Any]:
    document = record.document
    return {
        "NotebookInstanceName": record.name,
        "NotebookInstanceArn": document["arn"],
        "NotebookInstanceStatus": record.status,
        "Url": f"{call.host}{site_path(notebooks.site_of(record))}",
        "InstanceType": document["asked"]["InstanceType"],
        "NotebookInstanceLifecycleConfigName": document["asked"].get("LifecycleConfigName"),
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
    }


def _end(call: Call, status: str) -> None:
    with call.records.transaction():
        record = _reachable(call, status)
        _begin(call, record, machines.ending(record.document, call.clock.now()), status)


def _begin(call: Call, record: Record, document: dict[str, Any], status: str) -> None:
    """Write where it is to go, and tell of it, joining the open transaction."""
    now = call.clock.now()
    changed = call.records.update(record, now=now, document=document, status=status)
    announce(call.records, changed, now, record)


def _reachable(call: Call, status: str) -> Record:
    """The record, if it can go into that status; raises ValidationException."""
    record, allowed = found(call), _FROM[status]
    if record.status not in allowed:
        raise ValidationException(
            f"Status ({record.status}) not in ([{', '.join(allowed)}]). Unable to transition to "
            f"({status}) for Notebook Instance ({record.document['arn']})."
        )
    return record


def _check_volume(size: int | None, before: int = 5) -> None:
    if size is not None and not before <= size <= 16_384:
        raise ValidationException(
            f"VolumeSizeInGB must be between {before} and 16384: a volume does not shrink."
        )
