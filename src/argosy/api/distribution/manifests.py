"""Manifests by tag and digest; lists of tags and of repositories."""

from typing import Any
from urllib.parse import quote

from argosy.api.distribution.http import Asked, OciError, Reply, as_json
from argosy.api.distribution.workshop import Workshop
from argosy.oci import images, manifests, repositories
from argosy.oci.errors import ImageAlreadyExistsException
from argosy.oci.names import Owner, is_digest, is_tag
from argosy.state.records import Record

_MOST_LISTED = 1000


class ManifestRoutes:
    """GET, HEAD, PUT and DELETE of manifests."""

    def __init__(self, workshop: Workshop) -> None:
        self._records = workshop.records
        self._clock = workshop.clock

    async def get(self, asked: Asked, repository: str, reference: str) -> Reply:
        image = self._found(asked.owner, repository, reference)
        headers = {
            "Content-Type": image.document["media_type"],
            "Docker-Content-Digest": images.digest_of(image),
        }
        return Reply(200, headers, images.manifest_text(self._records, image).encode())

    async def put(self, asked: Asked, repository: str, reference: str) -> Reply:
        """A manifest whose parts are all here."""
        repositories.find(self._records, asked.owner, repository)
        data = await asked.body(manifests.MAX_BYTES)
        manifest = manifests.parse(data, asked.headers.get("content-type", ""))
        tag = "" if is_digest(reference) else reference
        if tag and not is_tag(tag):
            raise OciError(400, "TAG_INVALID", f"{tag[:200]!r} is not a tag.")
        if not tag and reference != manifest.digest:
            raise OciError(
                400, "DIGEST_INVALID", f"The digest of the manifest is {manifest.digest}."
            )
        try:
            now = self._clock.now()
            images.put(self._records, asked.owner, repository, manifest, tag, now)
        except ImageAlreadyExistsException:
            pass  # Pushed again: it is there, which is what was wanted.
        headers = {
            "Location": f"/v2/{repository}/manifests/{manifest.digest}",
            "Docker-Content-Digest": manifest.digest,
        }
        return Reply(201, headers)

    async def delete(self, asked: Asked, repository: str, reference: str) -> Reply:
        """By tag the tag goes, by digest the image and all its tags."""
        self._found(asked.owner, repository, reference)
        if not is_digest(reference):
            images.untag(self._records, asked.owner, repository, reference)
            return Reply(202)
        indexes = images.indexes_with(self._records, asked.owner, repository, reference)
        if indexes:
            raise OciError(
                405, "UNSUPPORTED", f"The image belongs to the index {indexes[0]}: delete that."
            )
        images.remove(self._records, asked.owner, repository, reference)
        return Reply(202)

    async def tags(self, asked: Asked, repository: str) -> Reply:
        repositories.find(self._records, asked.owner, repository)
        tags = list(images.tags(self._records, asked.owner, repository))
        path = f"/v2/{repository}/tags/list"
        return _page(asked, path, "tags", tags, {"name": repository})

    async def catalog(self, asked: Asked) -> Reply:
        """The repositories of the token's account and region."""
        records = self._records.find(repositories.KIND, *asked.owner)
        names = sorted(record.name for record in records)
        return _page(asked, "/v2/_catalog", "repositories", names, {})

    def _found(self, owner: Owner, repository: str, reference: str) -> Record:
        repositories.find(self._records, owner, repository)
        image = images.find(self._records, owner, repository, reference)
        if image is None:
            message = f"The repository '{repository}' has no image {reference[:200]}."
            raise OciError(404, "MANIFEST_UNKNOWN", message)
        return image


def _page(asked: Asked, path: str, member: str, names: list[str], more: dict[str, Any]) -> Reply:
    """Names after `last`, `n` of them; where there are more, Link says how to go on."""
    last, number = asked.query.get("last", ""), asked.query.get("n", str(_MOST_LISTED))
    if not (number.isascii() and number.isdigit()):
        raise OciError(400, "PAGINATION_NUMBER_INVALID", "n must be a number.")
    most = min(int(number[:9]), _MOST_LISTED)
    rest = [name for name in names if name > last]
    page = rest[:most]
    headers = {}
    if page and len(rest) > most:
        headers["Link"] = f'<{path}?last={quote(page[-1], safe="")}&n={most}>; rel="next"'
    return as_json({**more, member: page}, headers)
