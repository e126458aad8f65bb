"""Repositories as records: named, found, removed with all that is in them.

KIND        the repository; name: its name
IMAGE       one per manifest; name: repository@digest (see `oci.images`)
MANIFEST    the manifest's text; name: repository@digest
TAG         name: repository:tag, document {"digest"}
LAYER       a layer or config the repository may use; name: repository@digest (see `oci.layers`)
"""

from typing import Any

from argosy.oci.errors import (
    RepositoryAlreadyExistsException,
    RepositoryNotEmptyException,
    RepositoryNotFoundException,
)
from argosy.oci.names import Owner
from argosy.state.records import AlreadyThere, Record, Records

KIND = "ecr-repository"
IMAGE = "ecr-image"
MANIFEST = "ecr-manifest"
TAG = "ecr-tag"
LAYER = "ecr-layer"

_PARTS = ((IMAGE, "@"), (MANIFEST, "@"), (LAYER, "@"), (TAG, ":"))


def create(
    records: Records, owner: Owner, name: str, document: dict[str, Any], now: float
) -> Record:
    """Raises RepositoryAlreadyExistsException."""
    try:
        return records.create(KIND, *owner, name, document, now=now)
    except AlreadyThere:
        raise RepositoryAlreadyExistsException(
            f"The repository with name '{name}' already exists in the registry with id "
            f"'{owner.account}'"
        ) from None


def find(records: Records, owner: Owner, name: str) -> Record:
    """Raises RepositoryNotFoundException."""
    record = records.get(KIND, *owner, name)
    if record is None:
        raise RepositoryNotFoundException(
            f"The repository with name '{name}' does not exist in the registry with id "
            f"'{owner.account}'"
        )
    return record


def remove(records: Records, owner: Owner, name: str, *, force: bool) -> Record:
    """Remove a repository, with its images if `force`; returns what it was.

    Raises RepositoryNotFoundException, RepositoryNotEmptyException.
    """
    with records.transaction():
        record = find(records, owner, name)
        if not force and records.find(IMAGE, *owner, prefix=f"{name}@"):
            raise RepositoryNotEmptyException(
                f"The repository with name '{name}' in registry with id '{owner.account}' cannot "
                "be deleted because it still contains images"
            )
        for kind, mark in _PARTS:
            for part in records.find(kind, *owner, prefix=f"{name}{mark}"):
                records.delete(kind, *owner, part.name)
        records.delete(KIND, *owner, name)
    return record
