"""Inference components: several models, each with copies of its own, behind one endpoint.

The endpoint's configuration has variants without a model; a component brings a model and says how
many copies of it shall run. Its record holds the same document as an endpoint's, so control
brings it up, keeps it and removes it in the same way; a copy is one instance.
"""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker import component_intent as intent
from argosy.services.sagemaker.component_view import description, summary
from argosy.services.sagemaker.deployment_config import rollout_of
from argosy.services.sagemaker.finding import (
    COMPONENT,
    ENDPOINT,
    arn_of,
    find,
    refuse_taken,
)
from argosy.services.sagemaker.intents import (
    begin,
    begin_deleting,
    begin_updating,
    refuse_in_progress,
    refuse_mixed,
    with_one_fleet,
)
from argosy.services.sagemaker.listing import answer, page_of
from argosy.services.sagemaker.refusals import refuse_unsupported
from argosy.services.sagemaker.scaled import forget_component_target
from argosy.services.sagemaker.tags import check_tags
from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment, EndpointDocument, hosts_components
from argosy.state.records import Record
from argosy.state.rescaling import rescale_component

_NOUN = "inference component"


@operation("sagemaker", "CreateInferenceComponent")
def create_inference_component(call: Call) -> dict[str, Any]:
    asked = call.input
    name, tags = asked["InferenceComponentName"], asked.get("Tags")
    check_tags(tags)
    refuse_unsupported("CreateInferenceComponent", asked)
    count = intent.copies(asked.get("RuntimeConfig"), 1)
    arn = arn_of(call, COMPONENT, name)
    with call.records.transaction():
        refuse_taken(call, COMPONENT, name)
        endpoint = _host(call, asked["EndpointName"])
        variant = _variant_of(endpoint, asked.get("VariantName"))
        document: EndpointDocument = {
            "name": name,
            "arn": arn,
            "failure_reason": "",
            "live": None,
            "pending": intent.new(call, name, endpoint, variant, asked.get("Specification"), count),
            "component_of": {"endpoint": endpoint.name, "variant": variant},
        }
        begin(call, COMPONENT, document, tags)
    return {"InferenceComponentArn": arn}


@operation("sagemaker", "DescribeInferenceComponent")
def describe_inference_component(call: Call) -> dict[str, Any]:
    record = find(call, COMPONENT, call.input["InferenceComponentName"])
    endpoint = record.document["component_of"]["endpoint"]
    return description(record, arn_of(call, ENDPOINT, endpoint))


@operation("sagemaker", "ListInferenceComponents")
def list_inference_components(call: Call) -> dict[str, Any]:
    """A page is filtered by endpoint and variant after it was read: it may be short."""
    page = page_of(call, COMPONENT)
    endpoint, variant = call.input.get("EndpointNameEquals"), call.input.get("VariantNameEquals")
    shown = [
        summary(record, arn_of(call, ENDPOINT, record.document["component_of"]["endpoint"]))
        for record in page.records
        if endpoint in (None, record.document["component_of"]["endpoint"])
        and variant in (None, record.document["component_of"]["variant"])
    ]
    return answer("InferenceComponents", shown, page)


@operation("sagemaker", "UpdateInferenceComponent")
def update_inference_component(call: Call) -> dict[str, Any]:
    """A new specification comes up beside the old one, as an endpoint's new configuration does."""
    asked = call.input
    refuse_unsupported("UpdateInferenceComponent", asked)
    with call.records.transaction():
        record = _changeable(call, asked["InferenceComponentName"])
        document = with_one_fleet(record.document)
        live: Deployment = document["live"]
        count = intent.copies(asked.get("RuntimeConfig"), live["variants"][0]["count"])
        if asked.get("Specification"):
            host = find(call, ENDPOINT, document["component_of"]["endpoint"])
            changes = asked["Specification"]
            pending = intent.renewed(call, record.name, host, live, changes, count)
            document["pending"] = pending
            document["rollout"] = rollout_of(call, asked.get("DeploymentConfig"), pending)
            document["last_deployment_config"] = asked.get("DeploymentConfig")
        elif asked.get("DeploymentConfig"):
            raise ValidationException("A DeploymentConfig needs a Specification to be rolled out.")
        else:
            refuse_mixed(record, _NOUN)
            rescale_component(document, count, call.clock.now())
        begin_updating(call, record, document)
    return {"InferenceComponentArn": record.document["arn"]}


@operation("sagemaker", "UpdateInferenceComponentRuntimeConfig")
def update_inference_component_runtime_config(call: Call) -> dict[str, Any]:
    asked = call.input
    with call.records.transaction():
        record = _changeable(call, asked["InferenceComponentName"])
        refuse_mixed(record, _NOUN)
        document = dict(record.document)
        count = intent.copies(asked["DesiredRuntimeConfig"], 1)
        rescale_component(document, count, call.clock.now())
        begin_updating(call, record, document)
    return {"InferenceComponentArn": record.document["arn"]}


@operation("sagemaker", "DeleteInferenceComponent")
def delete_inference_component(call: Call) -> dict[str, Any]:
    """The record goes when its copies have gone; its tags go now."""
    with call.records.transaction():
        record = find(call, COMPONENT, call.input["InferenceComponentName"])
        refuse_in_progress(record, _NOUN)
        forget_component_target(call, record)
        begin_deleting(call, record)
    return {}


def _host(call: Call, name: str) -> Record:
    """The endpoint, if it takes components; raises ValidationException."""
    record = find(call, ENDPOINT, name)
    live: Deployment | None = record.document["live"]
    if live is None or record.status != ep.IN_SERVICE:
        raise ValidationException(
            f'Endpoint "{record.document["arn"]}" is {record.status}: create inference components '
            "when it is InService."
        )
    if not hosts_components(live):
        raise ValidationException(
            f'Endpoint "{record.document["arn"]}" serves models of its own: inference components '
            "need an endpoint config whose variants have no ModelName."
        )
    return record


def _variant_of(endpoint: Record, given: str | None) -> str:
    """The variant that is meant; only where there is one it may be left out."""
    names = [variant["name"] for variant in endpoint.document["live"]["variants"]]
    if given is None and len(names) == 1:
        return str(names[0])
    if given is None or given not in names:
        raise ValidationException(f"VariantName must be one of {', '.join(names)}.")
    return given


def _changeable(call: Call, name: str) -> Record:
    record = find(call, COMPONENT, name)
    refuse_in_progress(record, _NOUN)
    if record.document["live"] is None:
        raise ValidationException(
            f'Cannot update inference component "{record.document["arn"]}": its status is '
            f"{record.status}. Delete it and create it again."
        )
    return record
