"""What the image of a job meant when the job was created; kept in the job's document as "image"."""

from typing import Any, TypedDict

from argosy.ground.instances import PulledImage


class JobImage(TypedDict):
    """In the form that deployments have, so that whoever looks after images reads both."""

    name: str
    models: dict[str, dict[str, Any]]
    images: dict[str, str]
    """Image → digest of its folder; {} for an image of a framework or of a container engine."""
    pulled: dict[str, PulledImage]
    """Image → what its folder is unpacked from, when it is one of the registry's."""
