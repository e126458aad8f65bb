"""Manifests: those that are in order are taken as they are, others refused with what is wrong."""

import json
from typing import Any

import pytest

from argosy.ground.errors import InvalidParameterException
from argosy.oci import manifests
from tests.support.oci_images import INDEX, MANIFEST, Image, digest, index, layer

IMAGE = Image((layer({"a": b"a"}),))
DOCUMENT = json.loads(IMAGE.manifest)


def test_an_image_is_known_by_its_bytes() -> None:
    manifest = manifests.parse(IMAGE.manifest, MANIFEST)

    assert (manifest.digest, manifest.media_type) == (digest(IMAGE.manifest), MANIFEST)
    assert [blob.digest for blob in manifest.blobs] == [digest(blob) for blob in IMAGE.blobs]
    assert manifest.text.encode() == IMAGE.manifest


def test_an_index_names_images_and_needs_no_layers() -> None:
    manifest = manifests.parse(index(IMAGE))

    assert (manifest.media_type, manifest.blobs) == (INDEX, ())
    assert [one.digest for one in manifest.references] == [digest(IMAGE.manifest)]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"schemaVersion": 1}, "schemaVersion"),
        ({"mediaType": INDEX}, "was sent as"),
        ({"config": None}, "not a descriptor"),
        ({"layers": {}}, "not a list"),
        ({"layers": DOCUMENT["layers"] * 1001}, "at most 1000"),
        ({"layers": [DOCUMENT["layers"][0] | {"digest": "sha512:00"}]}, "not a SHA-256"),
        ({"layers": [DOCUMENT["layers"][0] | {"size": -1}]}, "number of bytes"),
        ({"layers": [DOCUMENT["layers"][0] | {"mediaType": None}]}, "without a mediaType"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidParameterException, match=why):
        manifests.parse(json.dumps(DOCUMENT | change).encode(), MANIFEST)


def test_a_kind_of_manifest_that_is_not_taken_is_named() -> None:
    old = DOCUMENT | {"mediaType": "application/vnd.docker.distribution.manifest.v1+json"}

    with pytest.raises(InvalidParameterException, match=r"v1\+json' are not taken"):
        manifests.parse(json.dumps(old).encode())


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"[" * 100_000])
def test_what_is_no_manifest_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidParameterException):
        manifests.parse(data)
