"""What the collector lets go, and what it must not touch."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from argosy.ground.clock import ManualClock
from argosy.oci import images, layers, manifests, repositories
from argosy.oci.collecting import Collector
from argosy.oci.names import Owner
from argosy.oci.uploads import Uploads
from argosy.state.database import open_database
from argosy.state.records import Records
from tests.support.oci_images import Image, digest, layer

OWNER = Owner("000000000000", "us-east-1")
IMAGE = Image((layer({"a": b"a"}),))
DAY = 86_400.0


class MemoryBlobs:
    """Digests that are stored, as `oci.blobs.Blobs` would tell."""

    def __init__(self) -> None:
        self.stored = {digest(blob) for blob in IMAGE.blobs}
        self._lock = asyncio.Lock()

    def owners(self) -> list[Owner]:
        return [OWNER]

    def digests(self, owner: Owner) -> list[str]:
        return sorted(self.stored)

    def lock(self, owner: Owner, digest: str) -> asyncio.Lock:
        return self._lock

    def delete(self, owner: Owner, digest: str) -> None:
        self.stored.remove(digest)


class Scene:
    """A repository with one image, and a collector."""

    def __init__(self, records: Records, folder: Path, threads: ThreadPoolExecutor) -> None:
        self.records, self.clock, self.blobs = records, ManualClock(100 * DAY), MemoryBlobs()
        document = {"mutability": "MUTABLE", "exclusions": [], "policy": "", "lifecycle": ""}
        repositories.create(records, OWNER, "model", document, self.clock.now())
        for blob in IMAGE.blobs:
            layers.link(records, OWNER, "model", digest(blob), len(blob), self.clock.now())
        manifest = manifests.parse(IMAGE.manifest)
        images.put(records, OWNER, "model", manifest, "1", self.clock.now())
        blobs: Any = self.blobs
        uploads = Uploads(records, folder)
        self._collector = Collector(records, blobs, uploads, self.clock, threads)

    def collect(self, *, after_days: float = 0) -> None:
        self.clock.advance(after_days * DAY)
        asyncio.run(self._collector.collect())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    engine = open_database(tmp_path / "records.db")
    (tmp_path / "uploads").mkdir()
    with ThreadPoolExecutor(1) as threads:
        yield Scene(Records(engine), tmp_path / "uploads", threads)
    engine.dispose()


def test_an_image_keeps_what_it_consists_of(scene: Scene) -> None:
    scene.collect(after_days=10)

    assert scene.blobs.stored == {digest(blob) for blob in IMAGE.blobs}


def test_layers_of_a_deleted_image_go_a_day_later(scene: Scene) -> None:
    images.remove(scene.records, OWNER, "model", digest(IMAGE.manifest))
    scene.collect()
    soon = set(scene.blobs.stored)
    scene.collect(after_days=2)

    assert soon == {digest(blob) for blob in IMAGE.blobs}
    assert scene.blobs.stored == set()


def test_a_layer_that_another_repository_holds_stays(scene: Scene) -> None:
    shared = digest(IMAGE.layers[0])
    layers.link(scene.records, OWNER, "other", shared, 1, scene.clock.now())

    repositories.remove(scene.records, OWNER, "model", force=True)
    scene.collect()

    assert scene.blobs.stored == {shared}


def test_a_layer_that_was_asked_for_lately_is_counted_on(scene: Scene) -> None:
    images.remove(scene.records, OWNER, "model", digest(IMAGE.manifest))
    scene.clock.advance(2 * DAY)
    layers.use(scene.records, OWNER, "model", digest(IMAGE.config), scene.clock.now())

    scene.collect()

    assert scene.blobs.stored == {digest(IMAGE.config)}


def test_a_lifecycle_policy_is_carried_out(scene: Scene) -> None:
    text = (
        '{"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection": {"tagStatus":'
        ' "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 3}}]}'
    )
    record = repositories.find(scene.records, OWNER, "model")
    document = {**record.document, "lifecycle": text}
    scene.records.update(record, now=scene.clock.now(), document=document)

    scene.collect(after_days=2)
    young = images.find(scene.records, OWNER, "model", "1")
    scene.collect(after_days=2)

    assert young is not None
    assert images.find(scene.records, OWNER, "model", "1") is None
