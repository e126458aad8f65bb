"""Job definitions: what a monitoring schedule runs, of data or model quality. Immutable."""

from collections.abc import Callable
from typing import Any

from argosy.ground.errors import ResourceInUse, ResourceNotFound, ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.finding import NOUNS, arn_of
from argosy.services.sagemaker.monitoring import rules
from argosy.services.sagemaker.monitoring.picking import picked
from argosy.services.sagemaker.refusals import refuse_unsupported
from argosy.services.sagemaker.tags import check_tags, set_tags
from argosy.state.monitoring import DATA_QUALITY, DEFINITIONS, MODEL_QUALITY
from argosy.state.records import Record


def _offer(kind: str) -> None:
    """The four operations on definitions of a MonitoringType."""
    handlers: dict[str, Callable[[Call, str], dict[str, Any]]] = {
        f"Create{kind}JobDefinition": _create,
        f"Describe{kind}JobDefinition": _describe,
        f"List{kind}JobDefinitions": _list,
        f"Delete{kind}JobDefinition": _delete,
    }
    for name, handler in handlers.items():
        operation("sagemaker", name)(_of_kind(handler, kind))


def _of_kind(
    handler: Callable[[Call, str], dict[str, Any]], kind: str
) -> Callable[[Call], dict[str, Any]]:
    return lambda call: handler(call, kind)


def find_definition(call: Call, kind: str, name: str) -> Record:
    """Raises ResourceNotFound."""
    record_kind, caller = DEFINITIONS[kind], call.caller
    record = call.records.get(record_kind, caller.account, caller.region, name)
    if record is None:
        arn = arn_of(call, record_kind, name)
        raise ResourceNotFound(f'Could not find {NOUNS[record_kind]} "{arn}".')
    return record


def _create(call: Call, kind: str) -> dict[str, Any]:
    asked, record_kind, caller = dict(call.input), DEFINITIONS[kind], call.caller
    name, tags = asked["JobDefinitionName"], asked.pop("Tags", None)
    check_tags(tags)
    refuse_unsupported(f"Create{kind}JobDefinition", asked)
    _check(asked, kind)
    arn = arn_of(call, record_kind, name)
    with call.records.transaction():
        if call.records.get_any_case(record_kind, caller.account, caller.region, name):
            raise ResourceInUse(f"A {NOUNS[record_kind]} of that name exists ({arn}).")
        document = {"asked": asked, "endpoint": _input(asked, kind)["EndpointName"]}
        now = call.clock.now()
        call.records.create(record_kind, caller.account, caller.region, name, document, now=now)
        set_tags(call, arn, tags)
    return {"JobDefinitionArn": arn}


def _describe(call: Call, kind: str) -> dict[str, Any]:
    record = find_definition(call, kind, call.input["JobDefinitionName"])
    return {
        **record.document["asked"],
        "JobDefinitionArn": arn_of(call, record.kind, record.name),
        "CreationTime": record.created,
    }


def _list(call: Call, kind: str) -> dict[str, Any]:
    records = call.records.find(DEFINITIONS[kind], call.caller.account, call.caller.region)
    page, more = picked(call, records, {"EndpointName": "endpoint"}, "CreationTime")
    return {"JobDefinitionSummaries": [_summary(call, record) for record in page], **more}


def _delete(call: Call, kind: str) -> dict[str, Any]:
    """Runs that are under way go on; those that come fail."""
    with call.records.transaction():
        record = find_definition(call, kind, call.input["JobDefinitionName"])
        call.records.delete(record.kind, record.account, record.region, record.name)
        set_tags(call, arn_of(call, record.kind, record.name), None)
    return {}


def _check(asked: dict[str, Any], kind: str) -> None:
    rules.check_image(asked[f"{kind}AppSpecification"]["ImageUri"])
    place = f"{kind}JobInput.EndpointInput"
    if not asked[f"{kind}JobInput"].get("EndpointInput"):
        raise ValidationException(f"{place} must be given.")
    rules.check_input(place, _input(asked, kind))
    rules.check_baseline(f"{kind}BaselineConfig", asked.get(f"{kind}BaselineConfig"))
    rules.check_outputs(f"{kind}JobOutputConfig", asked[f"{kind}JobOutputConfig"])
    if kind == MODEL_QUALITY:
        rules.check_quality(asked)


def _input(asked: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = asked[f"{kind}JobInput"]["EndpointInput"]
    return found


def _summary(call: Call, record: Record) -> dict[str, Any]:
    return {
        "MonitoringJobDefinitionName": record.name,
        "MonitoringJobDefinitionArn": arn_of(call, record.kind, record.name),
        "CreationTime": record.created,
        "EndpointName": record.document["endpoint"],
    }


_offer(DATA_QUALITY)
_offer(MODEL_QUALITY)
