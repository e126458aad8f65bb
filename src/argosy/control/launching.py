"""From a deployment's variant to the `InstanceSpec` that a compute backend understands. Pure."""

from dataclasses import dataclass
from typing import Any

from argosy.control.rollout import Launch
from argosy.control.routes import PRIMARY
from argosy.ground.instances import ContainerSpec, InstanceSpec, StoreAccess
from argosy.ground.names import endpoint_log_group, new_instance_id
from argosy.ground.settings import Settings
from argosy.runtimes.images import known_images, runtime_for, why_not
from argosy.state.endpoints import Deployment, container_of, variant_config


@dataclass(frozen=True)
class Place:
    """Whose endpoint an instance is for."""

    account: str
    region: str
    endpoint: str

    @property
    def owner(self) -> str:
        """What `InstanceSpec.owner` holds."""
        return f"endpoint/{self.endpoint}"


def obstacle(deployment: Deployment | None) -> str:
    """Why a deployment can never run on this platform, or "" when nothing is known against it."""
    for name, model in (deployment["models"] if deployment else {}).items():
        image = container_of(model).get("Image", "")
        if runtime_for(image) is None:
            why = why_not(image)
            return (
                f"No runtime of this platform can serve the image '{image}' of model '{name}'"
                f"{f': {why}' if why else ''}. "
                f"Images that can be served: {'; '.join(known_images())}."
            )
    return ""


def runtime_of(model: dict[str, Any]) -> str:
    """The runtime that serves a model's image, "" when there is none."""
    return runtime_for(container_of(model).get("Image", "")) or ""


def spec_for(
    place: Place, launch: Launch, settings: Settings, store: StoreAccess, now: float
) -> InstanceSpec:
    """The spec of one new instance."""
    variant = variant_config(launch.deployment, launch.variant)
    model = launch.deployment["models"][variant["ModelName"]]
    instance_id = new_instance_id()
    return InstanceSpec(
        instance_id=instance_id,
        account=place.account,
        region=place.region,
        zone=launch.zone,
        owner=place.owner,
        deployment=launch.deployment["id"],
        variant=launch.variant,
        container=_container(container_of(model)),
        log_group=endpoint_log_group(place.endpoint),
        log_stream=f"{launch.variant}/{instance_id}",
        store=store,
        network_isolation=bool(model.get("EnableNetworkIsolation")),
        download_timeout_s=variant.get(
            "ModelDataDownloadTimeoutInSeconds", settings.download_timeout_s
        ),
        startup_timeout_s=variant.get(
            "ContainerStartupHealthCheckTimeoutInSeconds", settings.startup_timeout_s
        ),
        model_timeout_s=settings.model_timeout_s,
        created=now,
    )


def _container(definition: dict[str, Any]) -> ContainerSpec:
    image = definition.get("Image", "")
    return ContainerSpec(
        name=PRIMARY,
        image=image,
        runtime=runtime_for(image) or "",
        environment=dict(definition.get("Environment") or {}),
        model_data_url=_model_data_url(definition),
    )


def _model_data_url(definition: dict[str, Any]) -> str:
    source = (definition.get("ModelDataSource") or {}).get("S3DataSource") or {}
    return str(definition.get("ModelDataUrl") or source.get("S3Uri") or "")
