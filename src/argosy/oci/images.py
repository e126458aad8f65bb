"""Images of a repository: put, found by tag or digest, untagged, removed.

An IMAGE record's document: {"media_type", "artifact_type", "size", "blobs": [digest, …],
"references": [digest, …], "subject"}; `size` is that of config and layers, in bytes.
"""

from collections.abc import Sequence

from argosy.oci import layers
from argosy.oci.errors import (
    ImageAlreadyExistsException,
    ImageTagAlreadyExistsException,
    LayersNotFoundException,
    ReferencedImagesNotFoundException,
)
from argosy.oci.manifests import Descriptor, Manifest
from argosy.oci.mutability import may_move
from argosy.oci.names import Owner, is_digest
from argosy.oci.repositories import IMAGE, MANIFEST, TAG
from argosy.oci.repositories import find as find_repository
from argosy.state.records import Record, Records

_MOST_NAMED = 10


def put(
    records: Records, owner: Owner, repository: str, manifest: Manifest, tag: str, now: float
) -> None:
    """Take an image whose parts are all there; `tag` "" leaves it untagged.

    Raises RepositoryNotFoundException, LayersNotFoundException,
    ReferencedImagesNotFoundException, ImageTagAlreadyExistsException, and
    ImageAlreadyExistsException when nothing would change.
    """
    with records.transaction():
        home = find_repository(records, owner, repository)
        _check_parts(records, owner, repository, manifest)
        there = records.get(IMAGE, *owner, f"{repository}@{manifest.digest}")
        tagged = records.get(TAG, *owner, f"{repository}:{tag}") if tag else None
        same = tagged is not None and tagged.document["digest"] == manifest.digest
        if there is not None and (same or not tag):
            raise _already_there(owner, repository, manifest.digest, tag)
        if tagged is not None and not same and not may_move(home.document, tag):
            raise _immutable(repository, tag)
        _write(records, owner, repository, manifest, there, now)
        if tag:
            _set_tag(records, owner, repository, tag, manifest.digest, now)


def find(records: Records, owner: Owner, repository: str, reference: str) -> Record | None:
    """The image of a tag or digest; its name ends in @digest."""
    if not is_digest(reference):
        tagged = records.get(TAG, *owner, f"{repository}:{reference}")
        if tagged is None:
            return None
        reference = str(tagged.document["digest"])
    return records.get(IMAGE, *owner, f"{repository}@{reference}")


def digest_of(image: Record) -> str:
    return image.name.rpartition("@")[2]


def manifest_text(records: Records, image: Record) -> str:
    """The manifest as it was pushed, byte for byte."""
    record = records.get(MANIFEST, image.account, image.region, image.name)
    assert record is not None
    return str(record.document["manifest"])


def all_images(records: Records, owner: Owner, repository: str) -> list[Record]:
    """Oldest first."""
    return records.find(IMAGE, *owner, prefix=f"{repository}@")


def tags(records: Records, owner: Owner, repository: str) -> dict[str, str]:
    """Tag → digest, sorted by tag."""
    found = records.find(TAG, *owner, prefix=f"{repository}:")
    return {
        one.name.rpartition(":")[2]: str(one.document["digest"])
        for one in sorted(found, key=lambda one: one.name)
    }


def untag(records: Records, owner: Owner, repository: str, tag: str) -> bool:
    """False when there was no such tag."""
    return records.delete(TAG, *owner, f"{repository}:{tag}")


def remove(records: Records, owner: Owner, repository: str, digest: str) -> None:
    """Remove an image and its tags. What it consisted of is collected later."""
    with records.transaction():
        for tag, tagged in tags(records, owner, repository).items():
            if tagged == digest:
                untag(records, owner, repository, tag)
        for kind in (IMAGE, MANIFEST):
            records.delete(kind, *owner, f"{repository}@{digest}")


def indexes_with(records: Records, owner: Owner, repository: str, digest: str) -> list[str]:
    """Digests of the indexes that name this image."""
    return [
        digest_of(image)
        for image in all_images(records, owner, repository)
        if digest in image.document["references"]
    ]


def _write(
    records: Records,
    owner: Owner,
    repository: str,
    manifest: Manifest,
    there: Record | None,
    now: float,
) -> None:
    if there is not None:
        records.update(there, now=now)
        return
    name = f"{repository}@{manifest.digest}"
    document = {
        "media_type": manifest.media_type,
        "artifact_type": manifest.artifact_type,
        "size": sum(blob.size for blob in manifest.blobs),
        "blobs": [blob.digest for blob in manifest.blobs if not blob.elsewhere],
        "references": [one.digest for one in manifest.references],
        "subject": manifest.subject,
    }
    records.create(IMAGE, *owner, name, document, now=now)
    records.create(MANIFEST, *owner, name, {"manifest": manifest.text}, now=now)


def _set_tag(
    records: Records, owner: Owner, repository: str, tag: str, digest: str, now: float
) -> None:
    untag(records, owner, repository, tag)
    records.create(TAG, *owner, f"{repository}:{tag}", {"digest": digest}, now=now)


def _check_parts(records: Records, owner: Owner, repository: str, manifest: Manifest) -> None:
    lacking = [
        blob.digest
        for blob in manifest.blobs
        if not blob.elsewhere and not _holds(records, owner, repository, blob)
    ]
    if lacking:
        raise LayersNotFoundException(
            f"The repository '{repository}' does not hold these layers of the image, or not in "
            f"the size that the manifest says: {_named(lacking)}. Push them first."
        )
    unknown = [
        one.digest
        for one in manifest.references
        if records.get(IMAGE, *owner, f"{repository}@{one.digest}") is None
    ]
    if unknown:
        raise ReferencedImagesNotFoundException(
            f"The repository '{repository}' does not hold these images that the index names: "
            f"{_named(unknown)}. Push them first."
        )


def _holds(records: Records, owner: Owner, repository: str, blob: Descriptor) -> bool:
    found = layers.find(records, owner, repository, blob.digest)
    return found is not None and found.document["size"] == blob.size


def _named(digests: Sequence[str]) -> str:
    more = len(digests) - _MOST_NAMED
    return ", ".join(digests[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _already_there(
    owner: Owner, repository: str, digest: str, tag: str
) -> ImageAlreadyExistsException:
    return ImageAlreadyExistsException(
        f"Image with digest '{digest}' and tag '{tag or 'null'}' already exists in the repository "
        f"with name '{repository}' in registry with id '{owner.account}'"
    )


def _immutable(repository: str, tag: str) -> ImageTagAlreadyExistsException:
    return ImageTagAlreadyExistsException(
        f"The image tag '{tag}' already exists in the '{repository}' repository and cannot be "
        "overwritten because the tag is immutable."
    )
