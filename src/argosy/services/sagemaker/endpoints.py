"""Endpoints: what the user wants to serve, written down; control brings it about.

CreateEndpoint and UpdateEndpoint write a `pending` deployment, UpdateEndpointWeightsAndCapacities
the weights and counts of the `live` one; control moves the status on.
"""

from collections.abc import Callable
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.ground.names import new_deployment_id
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.async_inference import tell_topics
from argosy.services.sagemaker.data_capture import with_capture_of
from argosy.services.sagemaker.deployment_config import rollout_of
from argosy.services.sagemaker.endpoint_configs import check_count, check_weight
from argosy.services.sagemaker.endpoint_view import description, summary
from argosy.services.sagemaker.finding import (
    ENDPOINT,
    ENDPOINT_CONFIG,
    MODEL,
    arn_of,
    find,
    refuse_taken,
)
from argosy.services.sagemaker.images import take_images
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
from argosy.services.sagemaker.residents import refuse_homeless
from argosy.services.sagemaker.scaled import forget_targets, refuse_scaled
from argosy.services.sagemaker.tags import check_tags
from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment, EndpointDocument, hosts_components, is_async
from argosy.state.records import Record
from argosy.state.rollouts import Rollout
from argosy.state.scaling import targets_of_endpoint

_NOUN = "endpoint"
_DEFAULT_PAGE = 10  # ListEndpoints in the API reference: "This value defaults to 10."


@operation("sagemaker", "CreateEndpoint")
def create_endpoint(call: Call) -> dict[str, Any]:
    asked = call.input
    name, tags = asked["EndpointName"], asked.get("Tags")
    check_tags(tags)
    arn = arn_of(call, ENDPOINT, name)
    with call.records.transaction():
        refuse_taken(call, ENDPOINT, name)
        pending = _deployment(call, asked["EndpointConfigName"])
        document: EndpointDocument = {
            "name": name,
            "arn": arn,
            "failure_reason": "",
            "live": None,
            "pending": pending,
            "last_deployment_config": asked.get("DeploymentConfig"),
        }
        rollout_of(call, asked.get("DeploymentConfig"), pending)  # it may be retained later
        tell_topics(call, pending)
        begin(call, ENDPOINT, document, tags)
    return {"EndpointArn": arn}


@operation("sagemaker", "DescribeEndpoint")
def describe_endpoint(call: Call) -> dict[str, Any]:
    return description(find(call, ENDPOINT, call.input["EndpointName"]))


@operation("sagemaker", "ListEndpoints")
def list_endpoints(call: Call) -> dict[str, Any]:
    page = page_of(call, ENDPOINT, _DEFAULT_PAGE)
    return answer("Endpoints", [summary(record) for record in page.records], page)


@operation("sagemaker", "UpdateEndpoint")
def update_endpoint(call: Call) -> dict[str, Any]:
    asked = call.input
    if asked.get("RetainDeploymentConfig") and asked.get("DeploymentConfig"):
        raise ValidationException("Give DeploymentConfig or RetainDeploymentConfig, not both.")

    def steps(document: dict[str, Any], pending: Deployment) -> Rollout | None:
        if not asked.get("RetainDeploymentConfig"):
            document["last_deployment_config"] = asked.get("DeploymentConfig")
        return rollout_of(call, document["last_deployment_config"], pending)

    return {"EndpointArn": begin_update(call, asked, steps)}


def begin_update(
    call: Call,
    asked: dict[str, Any],
    steps: Callable[[dict[str, Any], Deployment], Rollout | None],
) -> str:
    """Write down that an endpoint is to be updated; returns its ARN.

    `asked`: members of UpdateEndpoint; `steps`: the endpoint's document and its new deployment →
    how that takes over. Raises ValidationException.
    """
    with call.records.transaction():
        record = _changeable(call, asked["EndpointName"])
        document = with_one_fleet(record.document)
        pending = _deployment(call, asked["EndpointConfigName"])
        _refuse_other_kind(document, pending)
        tell_topics(call, pending)
        hosts = pending["variants"] if hosts_components(pending) else []
        refuse_homeless(call, record, [variant["name"] for variant in hosts])
        refuse_scaled(call, record, pending)
        if asked.get("RetainAllVariantProperties"):
            _retain(pending, document["live"], asked.get("ExcludeRetainedVariantProperties"))
        document["pending"] = pending
        document["rollout"] = steps(document, pending)
        begin_updating(call, record, document)
    return str(record.document["arn"])


@operation("sagemaker", "UpdateEndpointWeightsAndCapacities")
def update_endpoint_weights_and_capacities(call: Call) -> dict[str, Any]:
    asked = call.input
    changes = asked["DesiredWeightsAndCapacities"]
    refuse_unsupported("UpdateEndpointWeightsAndCapacities", asked)
    with call.records.transaction():
        record = _changeable(call, asked["EndpointName"])
        refuse_mixed(record, _NOUN)
        document = dict(record.document)
        _rescale(document["live"], changes, document["arn"], _may_be_empty(call, record))
        tell_topics(call, document["live"])
        begin_updating(call, record, document)
    return {"EndpointArn": record.document["arn"]}


@operation("sagemaker", "DeleteEndpoint")
def delete_endpoint(call: Call) -> dict[str, Any]:
    """The record goes when its instances have gone; its tags go now."""
    with call.records.transaction():
        record = find(call, ENDPOINT, call.input["EndpointName"])
        refuse_in_progress(record, _NOUN)
        refuse_homeless(call, record)
        forget_targets(call, record)
        begin_deleting(call, record)
    return {}


def _deployment(call: Call, config_name: str) -> Deployment:
    """A deployment of that configuration, with copies of it and of its models."""
    config = find(call, ENDPOINT_CONFIG, config_name).document
    variants = ep.variant_configs(config)
    names = {variant["ModelName"] for variant in variants if variant.get("ModelName")}
    models = {name: find(call, MODEL, name).document for name in sorted(names)}
    now = call.clock.now()
    deployment = ep.new_deployment(new_deployment_id(), config_name, config, models, now)
    take_images(call, deployment)
    return deployment


def _changeable(call: Call, name: str) -> Record:
    """The endpoint, if its status lets it be updated; raises ValidationException."""
    record = find(call, ENDPOINT, name)
    refuse_in_progress(record, _NOUN)
    if record.status == ep.FAILED or record.document["live"] is None:
        raise ValidationException(
            f'Cannot update endpoint "{record.document["arn"]}": its status is {record.status}. '
            "Delete it and create it again."
        )
    return record


def _refuse_other_kind(document: dict[str, Any], pending: Deployment) -> None:
    """Requests that wait could be answered by nobody; raises ValidationException."""
    if is_async(document["live"]) != is_async(pending):
        raise ValidationException(
            f'Cannot update endpoint "{document["arn"]}": its configuration and the new one must '
            "both have an AsyncInferenceConfig, or neither. Create another endpoint."
        )


def _retain(pending: Deployment, live: Deployment, excluded: list[dict[str, str]] | None) -> None:
    """Variants that stay by name keep the running weight and count, and the endpoint its capture
    of data, but for what is excluded."""
    leave = {one["VariantPropertyType"] for one in excluded or ()}
    if "DataCaptureConfig" not in leave:
        pending["config"] = with_capture_of(pending["config"], live["config"])
    running = {variant["name"]: variant for variant in live["variants"]}
    for variant in pending["variants"]:
        kept = running.get(variant["name"])
        if kept is None:
            continue
        if "DesiredInstanceCount" not in leave:
            variant["count"] = kept["count"]
        if "DesiredWeight" not in leave:
            variant["weight"] = variant["current_weight"] = kept["weight"]


def _may_be_empty(call: Call, endpoint: Record) -> set[str]:
    """The names of its variants that may be without an instance."""
    targets = targets_of_endpoint(call.records, endpoint.account, endpoint.region, endpoint.name)
    return {one.name.rpartition("/")[2] for one in targets if one.document["least"] == 0}


def _rescale(
    live: Deployment, changes: list[dict[str, Any]], arn: str, may_be_empty: set[str]
) -> None:
    """Set weights and counts; raises ValidationException for a variant that is not there."""
    names = [change["VariantName"] for change in changes]
    if len(set(names)) < len(names):
        raise ValidationException("DesiredWeightsAndCapacities names a variant twice.")
    variants = {variant["name"]: variant for variant in live["variants"]}
    for change in changes:
        variant = variants.get(change["VariantName"])
        if variant is None:
            raise ValidationException(
                f'Could not find production variant "{change["VariantName"]}" of endpoint "{arn}".'
            )
        if (weight := change.get("DesiredWeight")) is not None:
            check_weight("DesiredWeight", weight)
            variant["weight"] = float(weight)
        if (count := change.get("DesiredInstanceCount")) is not None:
            empty = is_async(live) or variant["name"] in may_be_empty
            _check_desired_count(variant["name"], count, least=0 if empty else 1)
            variant["count"] = count


def _check_desired_count(variant: str, count: int, least: int) -> None:
    if count < least:
        raise ValidationException(
            f"DesiredInstanceCount of production variant {variant} must be at least 1: "
            "a real-time variant cannot run without an instance, unless it is a scalable target "
            "with MinCapacity 0."
        )
    check_count(count)
