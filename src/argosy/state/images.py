"""Image folders that were added under a name: which name means which content.

A record of kind IMAGE has the name `repository:tag`, no region (images belong to the machine), and
the document {"digest", "programs", "size"}; the content lies below `DataDir.images`. A deployment
keeps the digest that its images' names meant when it was made (`Deployment.images`), so that
adding another folder under the same name changes no endpoint.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from argosy.state.endpoints import containers_of
from argosy.state.job_statuses import UNFINISHED
from argosy.state.processing_jobs import PROCESSING_JOB
from argosy.state.records import Records
from argosy.state.transform_jobs import TRANSFORM_JOB

IMAGE = "image"
ANY_REGION = ""
LATEST = "latest"


def full_name(image: str) -> str:
    """`repository:tag`; the tag is "latest" when none is given (a colon before "/" is a port)."""
    return image if ":" in image.rpartition("/")[2] else f"{image}:{LATEST}"


def resolved(
    records: Records, account: str, models: Mapping[str, dict[str, Any]]
) -> dict[str, str]:
    """Image, as the models write it → digest of its folder; only those that were added."""
    images = {
        container.get("Image") or ""
        for model in models.values()
        for container in containers_of(model)
    }
    found = {
        image: records.get(IMAGE, account, ANY_REGION, full_name(image))
        for image in sorted(images - {""})
    }
    return {image: record.document["digest"] for image, record in found.items() if record}


def digests_in_use(records: Records) -> set[str]:
    """Digests that a name, an endpoint or an unfinished job refers to."""
    named = {record.document["digest"] for record in records.find(IMAGE)}
    deployed = {
        digest
        for deployment in _deployments(records)
        for digest in ((deployment or {}).get("images") or {}).values()
    }
    return named | deployed


def _deployments(records: Records) -> Iterator[dict[str, Any] | None]:
    for kind in ("endpoint", "inference-component"):
        for record in records.find(kind):
            yield record.document["live"]
            yield record.document["pending"]
    for record in records.find(TRANSFORM_JOB, statuses=UNFINISHED):
        yield record.document["deployment"]
    for kind in (PROCESSING_JOB, "training-job"):
        for record in records.find(kind, statuses=UNFINISHED):
            yield record.document.get("image")
