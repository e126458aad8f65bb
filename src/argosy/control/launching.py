"""From a deployment's variant to the `InstanceSpec` that a compute backend understands. Pure."""

from dataclasses import dataclass
from typing import Any, Protocol

from argosy.control.rollout import Launch
from argosy.ground.instances import (
    PROGRAM,
    ContainerSpec,
    InstanceSpec,
    PulledImage,
    StoreAccess,
)
from argosy.ground.names import component_log_group, endpoint_log_group, new_instance_id
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.ground.work import ASYNC, Work
from argosy.runtimes.images import known_images, runtime_for, why_not
from argosy.state.endpoints import (
    Deployment,
    container_names,
    containers_of,
    is_async,
    variant_config,
)

# Each container has a network of its own, so that the ports can be the same for all of them.
_PORTS = {"SAGEMAKER_BIND_TO_PORT": "8080", "SAGEMAKER_SAFE_PORT_RANGE": "20000-29999"}

LONGEST_ASYNC_S = 3600.0
"""InvocationTimeoutSeconds ends there; so long may a model be busy and not answer a ping."""
LARGEST_ASYNC_MB = 1024
USUAL_CONCURRENCY = 4
"""Of an asynchronous variant whose MaxConcurrentInvocationsPerInstance is left to the platform."""


class Home(Protocol):
    """Whose an instance is; what a spec says of that."""

    @property
    def account(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def log_group(self) -> str: ...


@dataclass(frozen=True)
class Place:
    """Whose endpoint, or inference component, an instance is for."""

    account: str
    region: str
    endpoint: str
    component: str = ""

    @property
    def owner(self) -> str:
        """What `InstanceSpec.owner` holds."""
        if self.component:
            return f"inference-component/{self.component}"
        return f"endpoint/{self.endpoint}"

    @property
    def log_group(self) -> str:
        if self.component:
            return component_log_group(self.component)
        return endpoint_log_group(self.endpoint)


def obstacle(deployment: Deployment | None, *, engine: bool = False) -> str:
    """Why a deployment can never run on this platform, or "" when nothing is known against it.

    engine: whether a container engine runs what is neither ours nor in the registry.
    """
    added = _added(deployment)
    for name, model in (deployment["models"] if deployment else {}).items():
        for container in containers_of(model):
            image = container.get("Image", "")
            own = image in added or runtime_for(image) is None
            if own and image not in added and not engine:
                return _not_served(image, name)
            if own and image not in added and container.get("Mode") == "MultiModel":
                return (
                    f"The image '{image}' of model '{name}' cannot be of Mode MultiModel where the "
                    "container engine runs it: push it to this platform's registry."
                )
    return ""


def _not_served(image: str, model: str) -> str:
    why = why_not(image)
    return (
        f"No runtime of this platform can serve the image '{image}' of model '{model}'"
        f"{f': {why}' if why else ''}. "
        f"Images that can be served: {'; '.join(known_images())}; images in this platform's "
        "registry (docker push) and image folders (argosy image add) that were there when the "
        "endpoint was created or updated; any image, where ARGOSY_CONTAINER_ENGINE names one."
    )


def _added(deployment: Deployment | None) -> dict[str, str]:
    """Image → digest of the image folder that was meant when the deployment was made."""
    return deployment.get("images", {}) if deployment else {}


def runtime_of(model: dict[str, Any]) -> str:
    """The runtime of a model that a warm worker can be of use to, "" when none can."""
    container, *others = containers_of(model)
    if others or container.get("Mode") == "MultiModel":
        return ""
    return runtime_for(container.get("Image", "")) or ""


def spec_for(
    place: Home, launch: Launch, settings: Settings, store: StoreAccess, now: float
) -> InstanceSpec:
    """The spec of one new instance."""
    variant = variant_config(launch.deployment, launch.variant)
    model = launch.deployment["models"][variant["ModelName"]]
    instance_id, work = new_instance_id(), _work_of(launch.deployment)
    return InstanceSpec(
        instance_id=instance_id,
        account=place.account,
        region=place.region,
        zone=launch.zone,
        owner=place.owner,
        deployment=launch.deployment["id"],
        variant=launch.variant,
        containers=_containers(model, _Own.of(launch.deployment, settings)),
        log_group=place.log_group,
        log_stream=f"{launch.variant}/{instance_id}",
        store=store,
        network_isolation=bool(model.get("EnableNetworkIsolation")),
        download_timeout_s=variant.get(
            "ModelDataDownloadTimeoutInSeconds", settings.download_timeout_s
        ),
        startup_timeout_s=variant.get(
            "ContainerStartupHealthCheckTimeoutInSeconds", settings.startup_timeout_s
        ),
        model_timeout_s=LONGEST_ASYNC_S if work else settings.model_timeout_s,
        max_answer_mb=LARGEST_ASYNC_MB if work else 0,
        created=now,
        work=work,
    )


def _work_of(deployment: Deployment) -> Work | None:
    """What its instances pull by themselves."""
    if not is_async(deployment):
        return None
    client = deployment["config"]["AsyncInferenceConfig"].get("ClientConfig") or {}
    asked = client.get("MaxConcurrentInvocationsPerInstance")
    return {"kind": ASYNC, "concurrency": asked or USUAL_CONCURRENCY}


@dataclass(frozen=True)
class _Own:
    """The user's own images of a deployment."""

    folders: dict[str, str]
    """Image → where its image folder lies, or will lie once it is unpacked."""
    pulled: dict[str, PulledImage]
    engine: str
    """What runs those images that nothing else does."""

    @classmethod
    def of(cls, deployment: Deployment, settings: Settings) -> "_Own":
        images = DataDir.at(settings.data_dir).images
        folders = {image: str(images / digest) for image, digest in _added(deployment).items()}
        return cls(folders, deployment.get("pulled", {}), settings.container_engine)


def _containers(model: dict[str, Any], own: _Own) -> tuple[ContainerSpec, ...]:
    definitions, names = containers_of(model), container_names(model)
    several = len(definitions) > 1
    return tuple(
        _container(definition, name, several, own)
        for definition, name in zip(definitions, names, strict=True)
    )


def _container(definition: dict[str, Any], name: str, several: bool, own: _Own) -> ContainerSpec:
    image = definition.get("Image", "")
    folder = own.folders.get(image, "")
    engine = "" if folder or runtime_for(image) else own.engine
    multi_model = definition.get("Mode") == "MultiModel"
    caching = (definition.get("MultiModelConfig") or {}).get("ModelCacheSetting")
    return ContainerSpec(
        name=name,
        image=image,
        runtime=PROGRAM if folder or engine else runtime_for(image) or "",
        engine=engine,
        image_folder=folder,
        pulled=own.pulled.get(image),
        environment={
            **(_PORTS if several else {}),
            **({"SAGEMAKER_MULTI_MODEL": "true"} if multi_model else {}),
            **(definition.get("Environment") or {}),
        },
        model_data_url=_prefix(definition) if multi_model else _model_data_url(definition),
        packed=_source(definition).get("CompressionType") != "None",
        multi_model=multi_model,
        caches_models=caching != "Disabled",
    )


def _prefix(definition: dict[str, Any]) -> str:
    """Where the models lie, with a "/" at its end."""
    return _model_data_url(definition).rstrip("/") + "/"


def _model_data_url(definition: dict[str, Any]) -> str:
    return str(definition.get("ModelDataUrl") or _source(definition).get("S3Uri") or "")


def _source(definition: dict[str, Any]) -> dict[str, Any]:
    return (definition.get("ModelDataSource") or {}).get("S3DataSource") or {}
