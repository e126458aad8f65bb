"""Endpoint configurations: which models, how many instances, which share of traffic. Immutable."""

import math
from typing import Any

from argosy.ground.errors import ResourceLimitExceeded, ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.async_inference import check_async_config
from argosy.services.sagemaker.data_capture import check_capture
from argosy.services.sagemaker.finding import ENDPOINT_CONFIG, MODEL, arn_of, find, refuse_taken
from argosy.services.sagemaker.listing import answer, page_of
from argosy.services.sagemaker.refusals import refuse_unsupported
from argosy.services.sagemaker.tags import check_tags, set_tags
from argosy.state.endpoints import variant_configs
from argosy.state.records import Record
from argosy.state.state_changes import announce, announce_removed

MOST_INSTANCES = 256
"""Per variant, as a quota of the account would be: a slip of the pen must not fill the machine."""


@operation("sagemaker", "CreateEndpointConfig")
def create_endpoint_config(call: Call) -> dict[str, Any]:
    asked = dict(call.input)
    name, tags = asked["EndpointConfigName"], asked.pop("Tags", None)
    check_tags(tags)
    refuse_unsupported("CreateEndpointConfig", asked)
    _check_variants(asked["ProductionVariants"])
    check_shadows(asked)
    check_capture(asked)
    arn = arn_of(call, ENDPOINT_CONFIG, name)
    with call.records.transaction():
        refuse_taken(call, ENDPOINT_CONFIG, name)
        for variant in variant_configs(asked):
            if variant.get("ModelName"):
                find(call, MODEL, variant["ModelName"])
        check_async_config(call, asked)
        caller, now = call.caller, call.clock.now()
        record = call.records.create(
            ENDPOINT_CONFIG, caller.account, caller.region, name, _filled(asked), now=now
        )
        set_tags(call, arn, tags)
        announce(call.records, record, now)
    return {"EndpointConfigArn": arn}


@operation("sagemaker", "DescribeEndpointConfig")
def describe_endpoint_config(call: Call) -> dict[str, Any]:
    record = find(call, ENDPOINT_CONFIG, call.input["EndpointConfigName"])
    return {
        **record.document,
        "EndpointConfigArn": arn_of(call, ENDPOINT_CONFIG, record.name),
        "CreationTime": record.created,
    }


@operation("sagemaker", "ListEndpointConfigs")
def list_endpoint_configs(call: Call) -> dict[str, Any]:
    page = page_of(call, ENDPOINT_CONFIG)
    return answer("EndpointConfigs", [_summary(call, record) for record in page.records], page)


@operation("sagemaker", "DeleteEndpointConfig")
def delete_endpoint_config(call: Call) -> dict[str, Any]:
    """Endpoints that use it go on: they hold a copy."""
    with call.records.transaction():
        record = find(call, ENDPOINT_CONFIG, call.input["EndpointConfigName"])
        call.records.delete(ENDPOINT_CONFIG, record.account, record.region, record.name)
        announce_removed(call.records, record, call.clock.now())
        set_tags(call, arn_of(call, ENDPOINT_CONFIG, record.name), None)
    return {}


def check_count(count: int) -> None:
    """Raise ResourceLimitExceeded for more instances than a variant may have."""
    if count > MOST_INSTANCES:
        raise ResourceLimitExceeded(
            f"The account-level service limit 'instances of a production variant' is "
            f"{MOST_INSTANCES} Instances, with a request for {count} Instances."
        )


def check_weight(member: str, weight: float) -> None:
    """Raise ValidationException for a weight that no share can be made of."""
    if not math.isfinite(weight):
        raise ValidationException(f"{member} must be a finite number.")


def _check_variants(variants: list[dict[str, Any]]) -> None:
    names = [variant["VariantName"] for variant in variants]
    for name in names:
        if names.count(name) > 1:
            raise ValidationException(
                f'Production variant names must be unique; "{name}" is given twice.'
            )
    _check_models(variants)
    for index, variant in enumerate(variants):
        check_machine(f"ProductionVariants[{index}]", variant)


def check_shadows(asked: dict[str, Any]) -> None:
    """Raise ValidationException for shadow variants that cannot be (reference/endpoints.md §2).

    A shadow of an asynchronous endpoint, or beside inference components, has nothing to copy.
    """
    production, shadows = asked["ProductionVariants"], asked.get("ShadowProductionVariants")
    if not shadows:
        return
    if len(production) != 1 or len(shadows) != 1:
        raise ValidationException(
            "With ShadowProductionVariants give exactly one production variant and one shadow "
            f"variant; there are {len(production)} and {len(shadows)}."
        )
    (shadow,) = shadows
    if shadow["VariantName"] == production[0]["VariantName"]:
        raise ValidationException(
            "Variant names must be unique across ProductionVariants and ShadowProductionVariants; "
            f'"{shadow["VariantName"]}" is given twice.'
        )
    if not shadow.get("ModelName") or not production[0].get("ModelName"):
        raise ValidationException(
            "ShadowProductionVariants[0]: inference components have no shadow variants. Give both "
            "variants a ModelName."
        )
    if asked.get("AsyncInferenceConfig"):
        raise ValidationException(
            "ShadowProductionVariants: asynchronous endpoints have no shadow variants. Leave them "
            "or AsyncInferenceConfig out."
        )
    check_machine("ShadowProductionVariants[0]", shadow)


def check_machine(place: str, variant: dict[str, Any]) -> None:
    """Raise ValidationException for a variant without a machine, or too many of them."""
    if not variant.get("InstanceType"):
        raise ValidationException(f"{place} needs an InstanceType.")
    check_count(variant.get("InitialInstanceCount", 1))
    check_weight("InitialVariantWeight", variant.get("InitialVariantWeight", 1.0))


def _check_models(variants: list[dict[str, Any]]) -> None:
    """Variants have a model each, or all of them wait for inference components to bring theirs."""
    with_model = [bool(variant.get("ModelName")) for variant in variants]
    if any(with_model) and not all(with_model):
        raise ValidationException(
            "Give every production variant a ModelName, or none of them: variants without one are "
            "for inference components."
        )
    for index, variant in enumerate(variants):
        if variant.get("ModelName") and variant.get("ManagedInstanceScaling"):
            raise ValidationException(
                f"ProductionVariants[{index}].ManagedInstanceScaling: this version takes managed "
                "instance scaling only where inference components bring the models."
            )


def _filled(asked: dict[str, Any]) -> dict[str, Any]:
    """With the values that SageMaker fills in and gives back."""
    defaults = {"InitialInstanceCount": 1, "InitialVariantWeight": 1.0}
    filled = {
        member: [{**defaults, **variant} for variant in asked[member]]
        for member in ("ProductionVariants", "ShadowProductionVariants")
        if asked.get(member)
    }
    return {"EnableNetworkIsolation": False, **asked, **filled}


def _summary(call: Call, record: Record) -> dict[str, Any]:
    return {
        "EndpointConfigName": record.name,
        "EndpointConfigArn": arn_of(call, ENDPOINT_CONFIG, record.name),
        "CreationTime": record.created,
    }
