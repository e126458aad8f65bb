"""Monitoring schedules: when which data of which endpoint is looked at.

Here they are written down, stopped and started; control turns Pending into Scheduled and runs them.
"""

from typing import Any

from argosy.ground.errors import ResourceInUse, ResourceNotFound, ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.finding import ENDPOINT, arn_of, find
from argosy.services.sagemaker.monitoring import rules
from argosy.services.sagemaker.monitoring.definitions import find_definition
from argosy.services.sagemaker.monitoring.executions import newest, stop_executions, summary
from argosy.services.sagemaker.monitoring.picking import picked
from argosy.services.sagemaker.refusals import refuse_unsupported
from argosy.services.sagemaker.tags import check_tags, set_tags
from argosy.state import monitoring
from argosy.state.monitoring import MONITORING_SCHEDULE, ScheduleDocument
from argosy.state.records import Record

_SAME = {
    "EndpointName": "endpoint",
    "MonitoringJobDefinitionName": "definition",
    "MonitoringTypeEquals": "type",
}


@operation("sagemaker", "CreateMonitoringSchedule")
def create_schedule(call: Call) -> dict[str, Any]:
    asked = call.input
    name, tags, caller = asked["MonitoringScheduleName"], asked.get("Tags"), call.caller
    check_tags(tags)
    refuse_unsupported("CreateMonitoringSchedule", asked)
    arn = arn_of(call, MONITORING_SCHEDULE, name)
    with call.records.transaction():
        if call.records.get_any_case(MONITORING_SCHEDULE, caller.account, caller.region, name):
            raise ResourceInUse(f"A monitoring schedule of that name exists ({arn}).")
        document = _document(call, name, arn)
        call.records.create(
            MONITORING_SCHEDULE,
            caller.account,
            caller.region,
            name,
            dict(document),
            now=call.clock.now(),
            status=monitoring.PENDING,
        )
        set_tags(call, arn, tags)
    return {"MonitoringScheduleArn": arn}


@operation("sagemaker", "UpdateMonitoringSchedule")
def update_schedule(call: Call) -> dict[str, Any]:
    refuse_unsupported("UpdateMonitoringSchedule", call.input)
    with call.records.transaction():
        record = _found(call)
        document = _document(call, record.name, record.document["arn"])
        _change(call, record, monitoring.PENDING, dict(document))
    return {"MonitoringScheduleArn": record.document["arn"]}


@operation("sagemaker", "DescribeMonitoringSchedule")
def describe_schedule(call: Call) -> dict[str, Any]:
    record = _found(call)
    document, last = record.document, newest(call, record.name)
    return {
        **_summary(record),
        "MonitoringScheduleConfig": document["config"],
        **({"FailureReason": document["failure_reason"]} if document["failure_reason"] else {}),
        **({"LastMonitoringExecutionSummary": summary(last)} if last else {}),
    }


@operation("sagemaker", "ListMonitoringSchedules")
def list_schedules(call: Call) -> dict[str, Any]:
    records = call.records.find(MONITORING_SCHEDULE, call.caller.account, call.caller.region)
    page, more = picked(call, records, _SAME, "CreationTime")
    return {"MonitoringScheduleSummaries": [_summary(record) for record in page], **more}


@operation("sagemaker", "StopMonitoringSchedule")
def stop_schedule(call: Call) -> dict[str, Any]:
    """A run that is under way goes on."""
    with call.records.transaction():
        record = _found(call)
        _change(call, record, monitoring.STOPPED, {**record.document, "next": None})
    return {}


@operation("sagemaker", "StartMonitoringSchedule")
def start_schedule(call: Call) -> dict[str, Any]:
    """Times that went by while it was stopped are not made up for."""
    with call.records.transaction():
        record = _found(call)
        if record.status == monitoring.STOPPED:
            _change(call, record, monitoring.PENDING, {**record.document, "next": None})
    return {}


@operation("sagemaker", "DeleteMonitoringSchedule")
def delete_schedule(call: Call) -> dict[str, Any]:
    """A run that is under way is stopped; the history of runs stays."""
    with call.records.transaction():
        record = _found(call)
        stop_executions(call, record.name)
        call.records.delete(MONITORING_SCHEDULE, record.account, record.region, record.name)
        set_tags(call, record.document["arn"], None)
    return {}


def _document(call: Call, name: str, arn: str) -> ScheduleDocument:
    """A schedule as it is asked for. Raises ValidationException, ResourceNotFound."""
    config = dict(call.input["MonitoringScheduleConfig"])
    rules.check_schedule(config.get("ScheduleConfig"))
    inline, definition = (
        config.get("MonitoringJobDefinition"),
        config.get("MonitoringJobDefinitionName") or "",
    )
    if bool(inline) == bool(definition):
        raise ValidationException(
            "Give either MonitoringJobDefinition or MonitoringJobDefinitionName."
        )
    kind = config.get("MonitoringType") or monitoring.DATA_QUALITY
    if inline and kind != monitoring.DATA_QUALITY:
        raise ValidationException(f"{kind} needs a MonitoringJobDefinitionName.")
    endpoint = _inline_endpoint(inline) if inline else _defined_endpoint(call, kind, definition)
    find(call, ENDPOINT, endpoint)
    return {
        "name": name,
        "arn": arn,
        "config": config,
        "endpoint": endpoint,
        "type": kind,
        "definition": definition,
        "failure_reason": "",
        "next": None,
    }


def _defined_endpoint(call: Call, kind: str, name: str) -> str:
    return str(find_definition(call, kind, name).document["endpoint"])


def _inline_endpoint(definition: dict[str, Any]) -> str:
    """Raises ValidationException for a job that cannot be run."""
    member = "MonitoringJobDefinition"
    inputs = definition["MonitoringInputs"]
    if len(inputs) != 1 or not inputs[0].get("EndpointInput"):
        raise ValidationException(f"{member}.MonitoringInputs: give exactly one EndpointInput.")
    rules.check_image(definition["MonitoringAppSpecification"]["ImageUri"])
    rules.check_input(f"{member}.MonitoringInputs[0].EndpointInput", inputs[0]["EndpointInput"])
    rules.check_baseline(f"{member}.BaselineConfig", definition.get("BaselineConfig"))
    rules.check_outputs(f"{member}.MonitoringOutputConfig", definition["MonitoringOutputConfig"])
    return str(inputs[0]["EndpointInput"]["EndpointName"])


def _found(call: Call) -> Record:
    """Raises ResourceNotFound."""
    name = call.input["MonitoringScheduleName"]
    record = call.records.get(MONITORING_SCHEDULE, call.caller.account, call.caller.region, name)
    if record is None:
        raise ResourceNotFound(
            f'Could not find monitoring schedule "{arn_of(call, MONITORING_SCHEDULE, name)}".'
        )
    return record


def _change(call: Call, record: Record, status: str, document: dict[str, Any]) -> None:
    call.records.update(record, now=call.clock.now(), status=status, document=document)


def _summary(record: Record) -> dict[str, Any]:
    document = record.document
    named = (
        {"MonitoringJobDefinitionName": document["definition"]} if document["definition"] else {}
    )
    return {
        "MonitoringScheduleName": record.name,
        "MonitoringScheduleArn": document["arn"],
        "MonitoringScheduleStatus": record.status,
        "MonitoringType": document["type"],
        "EndpointName": document["endpoint"],
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
        **named,
    }
