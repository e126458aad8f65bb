"""From an image's name to what has to be unpacked to run it here."""

import json
import platform

from argosy.ground.errors import ValidationException
from argosy.ground.instances import PulledImage, StoredBlob
from argosy.oci import images, manifests
from argosy.oci.blobs import uri_of
from argosy.oci.manifests import Descriptor, Manifest
from argosy.oci.names import Owner
from argosy.oci.references import Reference
from argosy.state.record import Record
from argosy.state.records import Records

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_PACKED = ("tar", "tar+gzip", "diff.tar", "diff.tar.gzip")
"""How the media types of layers that can be unpacked end, after `layer.v1.` or `rootfs.`."""
_MOST_LAYERS = 500


def pulled(records: Records, wanted: Reference) -> PulledImage | None:
    """What the image consists of; None when the registry does not hold it.

    Of an index, the image for this machine. Raises ValidationException for an image that cannot be
    run here.
    """
    found = images.find(records, wanted.owner, wanted.repository, wanted.reference)
    if found is None:
        return None
    name = f"{wanted.base}@{images.digest_of(found)}"
    manifest = _manifest(records, found)
    if manifest.references or manifest.media_type in (manifests.OCI_INDEX, manifests.DOCKER_LIST):
        manifest = _for_this_machine(records, wanted, manifest, name)
    config, *layers = manifest.blobs
    _check(layers, name)
    return {
        "resolved": name,
        "digest": manifest.digest.partition(":")[2],
        "config": _stored(wanted.owner, config),
        "layers": [_stored(wanted.owner, layer) for layer in layers],
    }


def _manifest(records: Records, image: Record) -> Manifest:
    return manifests.parse(
        images.manifest_text(records, image).encode(), image.document["media_type"]
    )


def _for_this_machine(records: Records, wanted: Reference, index: Manifest, name: str) -> Manifest:
    machine = _MACHINES.get(platform.machine(), platform.machine())
    for one in json.loads(index.text)["manifests"]:
        meant = one.get("platform") or {}
        if (meant.get("os"), meant.get("architecture")) == ("linux", machine):
            found = images.find(records, wanted.owner, wanted.repository, one["digest"])
            if found is not None:
                return _manifest(records, found)
    raise ValidationException(
        f"The image {name} has no variant for this machine, which is linux/{machine}: build it "
        f"with --platform linux/{machine} and push it again."
    )


def _check(layers: list[Descriptor], name: str) -> None:
    if len(layers) > _MOST_LAYERS:
        raise ValidationException(f"The image {name} has more than {_MOST_LAYERS} layers.")
    for layer in layers:
        if layer.elsewhere:
            raise ValidationException(
                f"The image {name} has a layer that is kept elsewhere ({layer.digest}): push it "
                "with all of its layers."
            )
        if not layer.media_type.endswith(tuple(f".{form}" for form in _PACKED)):
            raise ValidationException(
                f"The image {name} has a layer of type {layer.media_type}, which cannot be "
                "unpacked: push it with gzip (skopeo copy --dest-compress-format gzip, podman push "
                "--compression-format gzip)."
            )


def _stored(owner: Owner, blob: Descriptor) -> StoredBlob:
    return {"uri": str(uri_of(owner, blob.digest)), "digest": blob.digest, "size": blob.size}
