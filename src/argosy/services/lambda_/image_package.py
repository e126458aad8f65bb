"""Functions that are container images, where a container engine runs them.

A tag is looked up when the function is made or updated; from then on the function is that digest.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.ground.functions import NoImage
from argosy.ground.instances import PulledImage
from argosy.oci import pulling
from argosy.services.image_names import reference
from argosy.services.lambda_.errors import InvalidParameterValueException
from argosy.services.registry import Call

_OF_ZIPS = ("Handler", "Runtime", "Layers")
_SOURCES = ("ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion")
_VALID = "Provide a valid source image."


class ImagePackage:
    """See `packages.PackageType`."""

    def check_new(self, call: Call) -> None:
        if not call.settings.container_engine:
            raise InvalidParameterValueException(
                "Functions of PackageType Image need a container engine: ARGOSY_CONTAINER_ENGINE "
                "names the socket of docker or podman. Without one use PackageType Zip with a "
                "Python runtime, or provided.al2023 with a program named bootstrap."
            )
        self.check_settings(call.input)

    def check_settings(self, asked: Mapping[str, Any]) -> None:
        if any(asked.get(member) for member in _OF_ZIPS):
            raise InvalidParameterValueException(
                "Please don't provide handler or runtime or layer when the intended function "
                "PackageType is Image."
            )
        folder = (asked.get("ImageConfig") or {}).get("WorkingDirectory")
        if folder and not folder.startswith("/"):
            raise InvalidParameterValueException(
                f"WorkingDirectory is {folder!r}: it must be an absolute path in the image."
            )

    async def code(self, call: Call, asked: Mapping[str, Any]) -> dict[str, Any]:
        uri = asked.get("ImageUri")
        if not uri or any(asked.get(member) for member in _SOURCES):
            raise InvalidParameterValueException(
                "Please provide ImageUri, and nothing else, for a function with packageType Image."
            )
        try:
            image = await call.functions.image(uri, _pulled(call, uri))
        except NoImage as error:
            raise InvalidParameterValueException(
                f"Source image {uri} is not valid. {_VALID} {error}"
            ) from None
        return {
            "image": asdict(image),
            "unpacked": 0,
            "CodeSha256": image.digest,
            "CodeSize": 0,
        }

    def location(self, call: Call, config: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "RepositoryType": "ECR",
            "ImageUri": config["image"]["uri"],
            "ResolvedImageUri": config["image"]["resolved"],
        }


def _pulled(call: Call, uri: str) -> PulledImage | None:
    """What an image of this platform's registry consists of; None for one of elsewhere."""
    wanted = reference(call, uri)
    if wanted is None:
        return None
    try:
        found = pulling.pulled(call.records, wanted)
    except ValidationException as error:
        raise InvalidParameterValueException(str(error)) from None
    if found is None:
        raise InvalidParameterValueException(f"Source image {uri} does not exist. {_VALID}")
    return found
