"""Manifests: the JSON that says what an image consists of. Pure.

Image manifests and indexes of the OCI, and Docker's of schema 2, are taken as they are; their
bytes are what the digest is of, so they are never written anew. Docker's schema 1 is refused: no
tool of today makes it. Source: OCI image specification, "manifest" and "image-index".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argosy.ground.errors import InvalidParameterException
from argosy.oci.names import digest_of, is_digest

MAX_BYTES = 4 << 20

OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"

_IMAGES = (OCI_IMAGE, DOCKER_IMAGE)
_INDEXES = (OCI_INDEX, DOCKER_LIST)
_MOST_PARTS = 1000
_LONGEST_TYPE = 255


@dataclass(frozen=True)
class Descriptor:
    """Content by its digest; `size` in bytes."""

    media_type: str
    digest: str
    size: int
    elsewhere: bool = False
    """The layer is fetched from other URLs and never pushed."""


@dataclass(frozen=True)
class Manifest:
    """A manifest that is in order."""

    text: str
    digest: str
    media_type: str
    artifact_type: str
    blobs: tuple[Descriptor, ...]
    """Config first, then the layers; none for an index."""
    references: tuple[Descriptor, ...]
    """Manifests that an index names."""
    subject: str = ""
    """Digest of the image that this one says something about."""


def parse(data: bytes, media_type: str = "") -> Manifest:
    """The manifest of these bytes; `media_type` is what the client calls it, if it does.

    Raises InvalidParameterException with what is wrong.
    """
    if len(data) > MAX_BYTES:
        raise _refuse(f"it has more than {MAX_BYTES} bytes")
    text, document = _loaded(data)
    kind = _media_type(document, media_type)
    if document.get("schemaVersion") != 2:
        raise _refuse("its schemaVersion is not 2")
    index = kind in _INDEXES
    return Manifest(
        text=text,
        digest=digest_of(data),
        media_type=kind,
        artifact_type=_artifact_type(document),
        blobs=() if index else _blobs(document),
        references=_descriptors(document, "manifests") if index else (),
        subject=_subject(document),
    )


def _loaded(data: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text = data.decode()
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _refuse("it is not JSON") from None
    if not isinstance(document, dict):
        raise _refuse("it is not a JSON object")
    return text, document


def _media_type(document: Mapping[str, Any], given: str) -> str:
    given, own = given.partition(";")[0].strip(), document.get("mediaType")
    kind = own or given or (OCI_INDEX if "manifests" in document else OCI_IMAGE)
    if own and given and own != given:
        raise _refuse(f"its mediaType is {own!r:.200}, but it was sent as {given[:200]!r}")
    if kind not in (*_IMAGES, *_INDEXES):
        raise _refuse(
            f"manifests of type {kind!r:.200} are not taken; "
            f"those of {', '.join((*_IMAGES, *_INDEXES))} are"
        )
    return str(kind)


def _blobs(document: Mapping[str, Any]) -> tuple[Descriptor, ...]:
    config = _descriptor(document.get("config"), "config")
    return (config, *_descriptors(document, "layers"))


def _descriptors(document: Mapping[str, Any], member: str) -> tuple[Descriptor, ...]:
    parts = document.get(member)
    if not isinstance(parts, list) or len(parts) > _MOST_PARTS:
        raise _refuse(f"{member!r} is not a list of at most {_MOST_PARTS}")
    return tuple(_descriptor(part, member) for part in parts)


def _descriptor(part: Any, where: str) -> Descriptor:
    if not isinstance(part, dict):
        raise _refuse(f"{where!r} holds something that is not a descriptor")
    media_type, digest, size = part.get("mediaType"), part.get("digest"), part.get("size")
    if not isinstance(digest, str) or not is_digest(digest):
        raise _refuse(f"{where!r} holds a descriptor whose digest is not a SHA-256")
    if type(size) is not int or size < 0:
        raise _refuse(f"{where!r} holds a descriptor whose size is not a number of bytes")
    if not isinstance(media_type, str) or len(media_type) > _LONGEST_TYPE:
        raise _refuse(f"{where!r} holds a descriptor without a mediaType")
    elsewhere = bool(part.get("urls")) and ("foreign" in media_type or "nondist" in media_type)
    return Descriptor(media_type, digest, size, elsewhere)


def _artifact_type(document: Mapping[str, Any]) -> str:
    config = document.get("config")
    found = document.get("artifactType") or (
        config.get("mediaType") if isinstance(config, dict) else ""
    )
    return found if isinstance(found, str) and len(found) <= _LONGEST_TYPE else ""


def _subject(document: Mapping[str, Any]) -> str:
    subject = document.get("subject")
    return "" if subject is None else _descriptor(subject, "subject").digest


def _refuse(why: str) -> InvalidParameterException:
    return InvalidParameterException(
        f"Invalid parameter at 'ImageManifest' failed to satisfy constraint: {why}."
    )
