"""Which of the user's own images a model means: in the registry, or added as a folder."""

from collections.abc import Mapping
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.ground.instances import PulledImage
from argosy.oci import pulling
from argosy.runtimes.images import runtime_for
from argosy.services.image_names import reference
from argosy.services.registry import Call
from argosy.state.endpoints import Deployment, containers_of
from argosy.state.images import resolved
from argosy.state.job_images import JobImage


def check_images(call: Call, model: dict[str, Any]) -> None:
    """Refuse images of this platform's registry that it does not hold, as SageMaker does.

    Raises ValidationException.
    """
    added = resolved(call.records, call.caller.account, {"": model})
    for container in containers_of(model):
        image = container.get("Image") or ""
        wanted = reference(call, image)
        if wanted is None or image in added or pulling.pulled(call.records, wanted):
            continue
        if runtime_for(image) is None:
            raise ValidationException(
                f"Requested image {image} not found. Push it to the repository "
                f"'{wanted.repository}' in {wanted.owner.region}, or name one that is there: "
                f"aws ecr describe-images --repository-name {wanted.repository}"
            )


def take_images(call: Call, deployment: Deployment | JobImage) -> None:
    """Write down what the images of a deployment's models, or of a job, mean now."""
    models = deployment["models"]
    added = resolved(call.records, call.caller.account, models)
    there = {image: one for image, one in _pulled(call, models).items() if image not in added}
    deployment["pulled"] = there
    deployment["images"] = {**added, **{image: one["digest"] for image, one in there.items()}}


def _pulled(call: Call, models: Mapping[str, dict[str, Any]]) -> dict[str, PulledImage]:
    found = {}
    for model in models.values():
        for container in containers_of(model):
            image = container.get("Image") or ""
            wanted = reference(call, image)
            there = pulling.pulled(call.records, wanted) if wanted else None
            if there is not None:
                found[image] = there
    return found
