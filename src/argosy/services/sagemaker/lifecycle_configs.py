"""Lifecycle configurations: the scripts that notebook instances run when they start.

A configuration is looked at when an instance starts; what it says then is run.
"""

import base64
import binascii
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.finding import arn_of
from argosy.services.sagemaker.listing import answer, page_of
from argosy.services.sagemaker.tags import check_tags, set_tags
from argosy.state.notebooks import LIFECYCLE, NOTEBOOK, LifecycleDocument
from argosy.state.records import Record

_NAME = "NotebookInstanceLifecycleConfigName"
_ARN = "NotebookInstanceLifecycleConfigArn"


@operation("sagemaker", "CreateNotebookInstanceLifecycleConfig")
def create_lifecycle_config(call: Call) -> dict[str, Any]:
    name, tags, caller = call.input[_NAME], call.input.get("Tags"), call.caller
    check_tags(tags)
    arn = arn_of(call, LIFECYCLE, name)
    document: LifecycleDocument = {
        "arn": arn,
        "on_create": _content(call, "OnCreate"),
        "on_start": _content(call, "OnStart"),
    }
    with call.records.transaction():
        if call.records.get_any_case(LIFECYCLE, caller.account, caller.region, name):
            raise _unable("create", arn, "already exists")
        call.records.create(
            LIFECYCLE, caller.account, caller.region, name, dict(document), now=call.clock.now()
        )
        set_tags(call, arn, tags)
    return {_ARN: arn}


@operation("sagemaker", "DescribeNotebookInstanceLifecycleConfig")
def describe_lifecycle_config(call: Call) -> dict[str, Any]:
    record = _found(call, "describe")
    return {
        **_summary(record),
        "OnCreate": _scripts(record.document["on_create"]),
        "OnStart": _scripts(record.document["on_start"]),
    }


@operation("sagemaker", "ListNotebookInstanceLifecycleConfigs")
def list_lifecycle_configs(call: Call) -> dict[str, Any]:
    page = page_of(call, LIFECYCLE)
    return answer("NotebookInstanceLifecycleConfigs", [_summary(r) for r in page.records], page)


@operation("sagemaker", "UpdateNotebookInstanceLifecycleConfig")
def update_lifecycle_config(call: Call) -> dict[str, Any]:
    """Replaces those scripts that are given."""
    with call.records.transaction():
        record = _found(call, "update")
        document = dict(record.document)
        for member, key in (("OnCreate", "on_create"), ("OnStart", "on_start")):
            if call.input.get(member) is not None:
                document[key] = _content(call, member)
        call.records.update(record, now=call.clock.now(), document=document)
    return {}


@operation("sagemaker", "DeleteNotebookInstanceLifecycleConfig")
def delete_lifecycle_config(call: Call) -> dict[str, Any]:
    caller = call.caller
    with call.records.transaction():
        record = _found(call, "delete")
        arn = record.document["arn"]
        for notebook in call.records.find(NOTEBOOK, caller.account, caller.region):
            if notebook.document["asked"].get("LifecycleConfigName") == record.name:
                raise _unable("delete", arn, f"is used by Notebook Instance {notebook.name}")
        set_tags(call, arn, None)
        call.records.delete(LIFECYCLE, caller.account, caller.region, record.name)
    return {}


def check_config(call: Call, name: str | None) -> None:
    """Raise ValidationException for a configuration that is not there."""
    if name and not call.records.get(LIFECYCLE, call.caller.account, call.caller.region, name):
        raise _unable("find", arn_of(call, LIFECYCLE, name), "does not exist")


def _found(call: Call, verb: str) -> Record:
    name = call.input[_NAME]
    record = call.records.get(LIFECYCLE, call.caller.account, call.caller.region, name)
    if record is None:
        raise _unable(verb, arn_of(call, LIFECYCLE, name), "does not exist")
    return record


def _unable(verb: str, arn: str, why: str) -> ValidationException:
    what = "Notebook Instance Lifecycle Config"
    return ValidationException(f"Unable to {verb} {what} '{arn}'. (Details: {what} {why}.)")


def _content(call: Call, member: str) -> str:
    """The script in base64; "" for none. Raises ValidationException when it is not base64."""
    hooks = call.input.get(member) or ()
    content = str(hooks[0].get("Content") or "") if hooks else ""
    try:
        base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValidationException(f"{member}: the Content of a script must be base64.") from None
    return content


def _scripts(content: str) -> list[dict[str, str]]:
    return [{"Content": content}] if content else []


def _summary(record: Record) -> dict[str, Any]:
    return {
        _NAME: record.name,
        _ARN: record.document["arn"],
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
    }
