"""Which layers and configs a repository holds: a link for each, to content in the object store.

The content is stored once per account and region, however many repositories hold it; whoever may
use a repository may read what it holds and nothing else.
"""

from argosy.oci.names import Owner
from argosy.oci.repositories import LAYER
from argosy.state.records import Record, Records

FRESH_S = 3600.0
"""A link that was used later than this is not written again when it is used."""


def find(records: Records, owner: Owner, repository: str, digest: str) -> Record | None:
    """The link of a repository to a layer; its document holds {"size"}."""
    return records.get(LAYER, *owner, f"{repository}@{digest}")


def link(
    records: Records, owner: Owner, repository: str, digest: str, size: int, now: float
) -> None:
    """From now on the repository holds this layer."""
    with records.transaction():
        if not use(records, owner, repository, digest, now):
            document = {"size": size}
            records.create(LAYER, *owner, f"{repository}@{digest}", document, now=now)


def use(records: Records, owner: Owner, repository: str, digest: str, now: float) -> Record | None:
    """The link, kept from being collected for a while: somebody counts on it."""
    with records.transaction():
        found = find(records, owner, repository, digest)
        if found is not None and now - found.modified > FRESH_S:
            found = records.update(found, now=now)
    return found


def unlink(records: Records, owner: Owner, repository: str, digest: str) -> bool:
    """False when the repository did not hold it."""
    return records.delete(LAYER, *owner, f"{repository}@{digest}")
