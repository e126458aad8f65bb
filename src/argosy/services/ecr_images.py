"""ECR: the images of a repository. Layers come in through the distribution protocol.

PutImage adds a manifest, or a tag, to what is there; InitiateLayerUpload and its kin are not
offered, since every client pushes layers by the protocol of the OCI.
"""

from typing import Any

from argosy.ground.errors import InvalidParameterException
from argosy.oci import images, layers, manifests
from argosy.oci.errors import ImageDigestDoesNotMatchException, ImageNotFoundException
from argosy.oci.names import is_digest, is_tag
from argosy.services.ecr_finding import Keyed, found, owner_of, page
from argosy.services.registry import Call, operation
from argosy.state.records import Record


@operation("ecr", "PutImage")
def put_image(call: Call) -> dict[str, Any]:
    repository, asked = found(call).name, call.input
    data, tag = asked["imageManifest"].encode(), asked.get("imageTag") or ""
    if tag and not is_tag(tag):
        raise InvalidParameterException(
            "Invalid parameter at 'imageTag' failed to satisfy constraint: 'must satisfy regular "
            "expression [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'"
        )
    manifest = manifests.parse(data, asked.get("imageManifestMediaType") or "")
    if asked.get("imageDigest") not in (None, manifest.digest):
        raise ImageDigestDoesNotMatchException(
            f"The digest '{asked['imageDigest']:.80}' is not that of the image, "
            f"'{manifest.digest}'."
        )
    images.put(call.records, owner_of(call), repository, manifest, tag, call.clock.now())
    image = images.find(call.records, owner_of(call), repository, manifest.digest)
    assert image is not None
    return {"image": _image(call, repository, image, tag)}


@operation("ecr", "DescribeImages")
def describe_images(call: Call) -> dict[str, Any]:
    """Those that are named, or all, in pages. Raises ImageNotFoundException."""
    repository = found(call).name
    tagged = images.tags(call.records, owner_of(call), repository)
    if call.input.get("imageIds"):
        named = [_named(call, repository, one) for one in call.input["imageIds"]]
        return {"imageDetails": [_detail(repository, image, tagged) for image in named]}
    details = [
        _detail(repository, image, tagged)
        for image in images.all_images(call.records, owner_of(call), repository)
    ]
    status = _status(call)
    keyed: Keyed = [
        ([detail["imageDigest"]], detail)
        for detail in details
        if status == "ANY" or (status == "TAGGED") is bool(detail.get("imageTags"))
    ]
    return page(call, "imageDetails", keyed)


@operation("ecr", "ListImages")
def list_images(call: Call) -> dict[str, Any]:
    """An entry for each tag, and one for each image without any."""
    repository = found(call).name
    tagged = images.tags(call.records, owner_of(call), repository)
    status = _status(call)
    keyed: Keyed = []
    if status != "UNTAGGED":
        keyed += [
            ([digest, tag], {"imageDigest": digest, "imageTag": tag})
            for tag, digest in tagged.items()
        ]
    if status != "TAGGED":
        untagged = {
            images.digest_of(image)
            for image in images.all_images(call.records, owner_of(call), repository)
        } - set(tagged.values())
        keyed += [([digest, ""], {"imageDigest": digest}) for digest in untagged]
    return page(call, "imageIds", keyed)


@operation("ecr", "BatchGetImage")
def batch_get_image(call: Call) -> dict[str, Any]:
    repository = found(call).name
    got, failures = [], []
    accepted = call.input.get("acceptedMediaTypes") or []
    for asked in call.input["imageIds"]:
        image, failure = _look_up(call, repository, asked)
        if image is None:
            failures.append(failure)
        elif accepted and image.document["media_type"] not in accepted:
            failures.append(_failure(asked, "ImageNotFound", _NOT_FOUND))
        else:
            got.append(_image(call, repository, image, asked.get("imageTag") or ""))
    return {"images": got, "failures": failures}


@operation("ecr", "BatchDeleteImage")
def batch_delete_image(call: Call) -> dict[str, Any]:
    """By tag only the tag goes, and the image with its last tag; by digest the image goes."""
    repository = found(call).name
    deleted, failures = [], []
    with call.records.transaction():
        for asked in call.input["imageIds"]:
            image, failure = _look_up(call, repository, asked)
            if image is None:
                failures.append(failure)
                continue
            gone, kept = _delete(call, repository, image, asked)
            deleted += gone
            failures += kept
    return {"imageIds": deleted, "failures": failures}


@operation("ecr", "BatchCheckLayerAvailability")
def batch_check_layer_availability(call: Call) -> dict[str, Any]:
    repository = found(call).name
    there, failures = [], []
    for digest in call.input["layerDigests"]:
        if not is_digest(digest):
            reason = "Invalid layer digest"
            failures.append(
                {
                    "layerDigest": digest,
                    "failureCode": "InvalidLayerDigest",
                    "failureReason": reason,
                }
            )
            continue
        link = layers.find(call.records, owner_of(call), repository, digest)
        layer = {"layerDigest": digest, "layerAvailability": "UNAVAILABLE"}
        if link is not None:
            layer |= {"layerAvailability": "AVAILABLE", "layerSize": link.document["size"]}
        there.append(layer)
    return {"layers": there, "failures": failures}


_NOT_FOUND = "Requested image not found"


def _delete(
    call: Call, repository: str, image: Record, asked: dict[str, str]
) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    """What is gone, and the failure if nothing is."""
    owner, digest = owner_of(call), images.digest_of(image)
    tagged = images.tags(call.records, owner, repository)
    tags = [tag for tag, one in tagged.items() if one == digest]
    tag = asked.get("imageTag")
    if tag and not asked.get("imageDigest") and tags != [tag]:
        images.untag(call.records, owner, repository, tag)
        return [{"imageDigest": digest, "imageTag": tag}], []
    indexes = images.indexes_with(call.records, owner, repository, digest)
    if indexes:
        reason = f"Requested image referenced by manifest list: [{', '.join(indexes)}]"
        return [], [_failure(asked, "ImageReferencedByManifestList", reason)]
    images.remove(call.records, owner, repository, digest)
    gone = [{"imageDigest": digest, "imageTag": one} for one in tags]
    return gone or [{"imageDigest": digest}], []


def _look_up(
    call: Call, repository: str, asked: dict[str, str]
) -> tuple[Record | None, dict[str, Any]]:
    """The image, or None and the failure that says why not."""
    digest, tag = asked.get("imageDigest"), asked.get("imageTag")
    if not digest and not tag:
        reason = "Invalid request parameters: both tag and digest cannot be null"
        return None, _failure(asked, "MissingDigestAndTag", reason)
    if digest and not is_digest(digest):
        return None, _failure(asked, "InvalidImageDigest", "Invalid image digest")
    image = images.find(call.records, owner_of(call), repository, tag or digest or "")
    if image is None:
        return None, _failure(asked, "ImageNotFound", _NOT_FOUND)
    if digest and images.digest_of(image) != digest:
        reason = "Requested image tag does not match the image digest"
        return None, _failure(asked, "ImageTagDoesNotMatchDigest", reason)
    return image, {}


def _failure(asked: dict[str, str], code: str, reason: str) -> dict[str, Any]:
    return {"imageId": asked, "failureCode": code, "failureReason": reason}


def _named(call: Call, repository: str, asked: dict[str, str]) -> Record:
    image, _ = _look_up(call, repository, asked)
    if image is None:
        digest, tag = asked.get("imageDigest", "null"), asked.get("imageTag", "null")
        raise ImageNotFoundException(
            f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist "
            f"within the repository with name '{repository}' in the registry with id "
            f"'{call.caller.account}'"
        )
    return image


def _status(call: Call) -> str:
    chosen = call.input.get("filter") or {}
    if chosen.get("imageStatus") not in (None, "ACTIVE", "ANY"):
        raise InvalidParameterException("Images are never archived here; ask for ACTIVE ones.")
    return chosen.get("tagStatus") or "ANY"


def _image(call: Call, repository: str, image: Record, tag: str) -> dict[str, Any]:
    identity = {"imageDigest": images.digest_of(image)}
    return {
        "registryId": image.account,
        "repositoryName": repository,
        "imageId": identity | ({"imageTag": tag} if tag else {}),
        "imageManifest": images.manifest_text(call.records, image),
        "imageManifestMediaType": image.document["media_type"],
    }


def _detail(repository: str, image: Record, tagged: dict[str, str]) -> dict[str, Any]:
    digest = images.digest_of(image)
    tags = [tag for tag, one in tagged.items() if one == digest]
    document = image.document
    optional = {
        "imageTags": tags,
        "artifactMediaType": document["artifact_type"],
        "subjectManifestDigest": document["subject"],
    }
    return {
        "registryId": image.account,
        "repositoryName": repository,
        "imageDigest": digest,
        "imageSizeInBytes": document["size"],
        "imagePushedAt": image.modified,
        "imageManifestMediaType": document["media_type"],
        **{name: value for name, value in optional.items() if value},
    }
