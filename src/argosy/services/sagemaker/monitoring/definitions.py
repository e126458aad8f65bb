"""Data quality job definitions: what a monitoring schedule runs. Immutable."""

from typing import Any

from argosy.ground.errors import ResourceInUse, ResourceNotFound
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.finding import arn_of
from argosy.services.sagemaker.monitoring import rules
from argosy.services.sagemaker.monitoring.picking import picked
from argosy.services.sagemaker.refusals import refuse_unsupported
from argosy.services.sagemaker.tags import check_tags, set_tags
from argosy.state.monitoring import DATA_QUALITY_DEFINITION as DEFINITION
from argosy.state.records import Record


@operation("sagemaker", "CreateDataQualityJobDefinition")
def create_definition(call: Call) -> dict[str, Any]:
    asked = dict(call.input)
    name, tags = asked["JobDefinitionName"], asked.pop("Tags", None)
    check_tags(tags)
    refuse_unsupported("CreateDataQualityJobDefinition", asked)
    _check(asked)
    arn, caller = arn_of(call, DEFINITION, name), call.caller
    with call.records.transaction():
        if call.records.get_any_case(DEFINITION, caller.account, caller.region, name):
            raise ResourceInUse(f"A data quality job definition of that name exists ({arn}).")
        document = {"asked": asked, "endpoint": _endpoint(asked)}
        now = call.clock.now()
        call.records.create(DEFINITION, caller.account, caller.region, name, document, now=now)
        set_tags(call, arn, tags)
    return {"JobDefinitionArn": arn}


@operation("sagemaker", "DescribeDataQualityJobDefinition")
def describe_definition(call: Call) -> dict[str, Any]:
    record = find_definition(call, call.input["JobDefinitionName"])
    return {
        **record.document["asked"],
        "JobDefinitionArn": arn_of(call, DEFINITION, record.name),
        "CreationTime": record.created,
    }


@operation("sagemaker", "ListDataQualityJobDefinitions")
def list_definitions(call: Call) -> dict[str, Any]:
    records = call.records.find(DEFINITION, call.caller.account, call.caller.region)
    page, more = picked(call, records, {"EndpointName": "endpoint"}, "CreationTime")
    return {"JobDefinitionSummaries": [_summary(call, record) for record in page], **more}


@operation("sagemaker", "DeleteDataQualityJobDefinition")
def delete_definition(call: Call) -> dict[str, Any]:
    """Runs that are under way go on; those that come fail."""
    with call.records.transaction():
        record = find_definition(call, call.input["JobDefinitionName"])
        call.records.delete(DEFINITION, record.account, record.region, record.name)
        set_tags(call, arn_of(call, DEFINITION, record.name), None)
    return {}


def find_definition(call: Call, name: str) -> Record:
    """Raises ResourceNotFound."""
    record = call.records.get(DEFINITION, call.caller.account, call.caller.region, name)
    if record is None:
        raise ResourceNotFound(
            f'Could not find data quality job definition "{arn_of(call, DEFINITION, name)}".'
        )
    return record


def _check(asked: dict[str, Any]) -> None:
    rules.check_image(asked["DataQualityAppSpecification"]["ImageUri"])
    rules.check_input(
        "DataQualityJobInput.EndpointInput", asked["DataQualityJobInput"]["EndpointInput"]
    )
    rules.check_baseline("DataQualityBaselineConfig", asked.get("DataQualityBaselineConfig"))
    rules.check_outputs("DataQualityJobOutputConfig", asked["DataQualityJobOutputConfig"])


def _endpoint(asked: dict[str, Any]) -> str:
    return str(asked["DataQualityJobInput"]["EndpointInput"]["EndpointName"])


def _summary(call: Call, record: Record) -> dict[str, Any]:
    return {
        "MonitoringJobDefinitionName": record.name,
        "MonitoringJobDefinitionArn": arn_of(call, DEFINITION, record.name),
        "CreationTime": record.created,
        "EndpointName": record.document["endpoint"],
    }
