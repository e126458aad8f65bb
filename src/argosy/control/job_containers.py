"""The one container of a training or processing job's instance. Pure."""

from argosy.ground.instances import PROGRAM, ContainerSpec
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.runtimes.images import known_images, runtime_for, why_not
from argosy.state.job_images import JobImage


def container_for(
    host: str, image: JobImage, environment: dict[str, str], settings: Settings
) -> ContainerSpec:
    """The container of one host. `environment`: all that the algorithm is to see of variables."""
    name = image["name"]
    digest = image["images"].get(name, "")
    folder = str(DataDir.at(settings.data_dir).images / digest) if digest else ""
    ours = "" if folder else runtime_for(name) or ""
    return ContainerSpec(
        name=host,
        image=name,
        runtime=ours or PROGRAM,
        engine="" if folder or ours else settings.container_engine,
        image_folder=folder,
        pulled=image["pulled"].get(name),
        environment=environment,
        command=[],
    )


def obstacle(image: JobImage, *, engine: bool) -> str:
    """Why a job of this image can never run on this platform, or ""."""
    name = image["name"]
    if name in image["images"] or runtime_for(name) or engine:
        return ""
    why = why_not(name)
    return (
        f"No job can run the image '{name}' here{f': {why}' if why else ''}. Images that can be "
        f"run: {'; '.join(known_images())}; images in this platform's registry (docker push) and "
        "image folders (argosy image add) that were there when the job was created; any image, "
        "where ARGOSY_CONTAINER_ENGINE names an engine."
    )
