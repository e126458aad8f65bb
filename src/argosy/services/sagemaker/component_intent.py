"""What an inference component is asked to be: a specification and copies, made a deployment.

A component's deployment is an endpoint's with one variant: its model, and its copies as instances.
What the specification asks for of cores and memory is kept and given back, and bounds nothing.
"""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.ground.names import new_deployment_id
from argosy.services.registry import Call
from argosy.services.sagemaker.endpoint_configs import check_count
from argosy.services.sagemaker.finding import MODEL, find
from argosy.services.sagemaker.images import check_images, take_images
from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment, containers_of
from argosy.state.records import Record

_BRINGS_MODEL = ("ModelName", "Container")


def copies(runtime_config: dict[str, Any] | None, otherwise: int) -> int:
    """The CopyCount asked for; raises ResourceLimitExceeded for too many."""
    count = otherwise if runtime_config is None else int(runtime_config["CopyCount"])
    check_count(count)
    return count


def new(
    call: Call,
    name: str,
    host: Record,
    variant: str,
    specification: dict[str, Any] | None,
    count: int,
) -> Deployment:
    """A component's first deployment; raises ValidationException for what cannot be deployed.

    `host` is its endpoint's record, `variant` the production variant that it belongs to.
    """
    checked = _checked(specification)
    models = _models(call, name, host, checked)
    deployment = _deployment(call, variant, checked, models, count)
    take_images(call, deployment)
    return deployment


def renewed(
    call: Call, name: str, host: Record, live: Deployment, changes: dict[str, Any], count: int
) -> Deployment:
    """The next deployment: what the changed specification leaves out stays as it is."""
    variant = live["variants"][0]["name"]
    checked = _checked(_merged(live["config"]["Specification"], changes))
    if any(changes.get(member) for member in _BRINGS_MODEL):
        return new(call, name, host, variant, checked, count)
    deployment = _deployment(call, variant, checked, live["models"], count)
    deployment["images"], deployment["pulled"] = live.get("images", {}), live.get("pulled", {})
    return deployment


def _checked(specification: dict[str, Any] | None) -> dict[str, Any]:
    if not specification:
        raise ValidationException("An inference component needs a Specification.")
    container = specification.get("Container")
    if bool(specification.get("ModelName")) == bool(container):
        raise ValidationException("Give one of ModelName and Container in the Specification.")
    if container and not container.get("Image"):
        raise ValidationException("The Container of a Specification needs an Image.")
    if not specification.get("ComputeResourceRequirements"):
        raise ValidationException("A Specification needs ComputeResourceRequirements.")
    return specification


def _merged(old: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The old specification with these changes; a model replaces a container and vice versa."""
    merged = {**old, **changes}
    if changes.get("Container") and not changes.get("ModelName"):
        merged.pop("ModelName", None)
        merged["Container"] = {**(old.get("Container") or {}), **changes["Container"]}
    elif changes.get("ModelName") and not changes.get("Container"):
        merged.pop("Container", None)
    return merged


def _deployment(
    call: Call,
    variant: str,
    specification: dict[str, Any],
    models: dict[str, dict[str, Any]],
    count: int,
) -> Deployment:
    production = {
        "VariantName": variant,
        "ModelName": next(iter(models)),
        "InitialInstanceCount": count,
        **(specification.get("StartupParameters") or {}),
    }
    config = {"ProductionVariants": [production], "Specification": specification}
    return ep.new_deployment(new_deployment_id(), "", config, models, call.clock.now())


def _models(
    call: Call, name: str, host: Record, specification: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """The component's model under its name; one of its own is called as the component is."""
    model_name = specification.get("ModelName") or name
    if specification.get("ModelName"):
        model = find(call, MODEL, model_name).document
    else:
        model = _model(specification["Container"])
        check_images(call, model)
    if any(container.get("Mode") == "MultiModel" for container in containers_of(model)):
        raise ValidationException(
            f'Model "{model_name}" is a multi-model container: an inference component has one '
            "model. Give an endpoint config that model instead."
        )
    if host.document["live"]["config"].get("EnableNetworkIsolation"):
        model = {**model, "EnableNetworkIsolation": True}
    return {model_name: model}


def _model(container: dict[str, Any]) -> dict[str, Any]:
    """CreateModel's members for a component that brings its container itself."""
    primary = {"Image": container["Image"], "Environment": container.get("Environment") or {}}
    if container.get("ArtifactUrl"):
        primary["ModelDataUrl"] = container["ArtifactUrl"]
    return {"PrimaryContainer": primary}
