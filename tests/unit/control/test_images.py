"""Names of image folders: which may be given, what they mean, and when content goes."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.control_builders import deployment, document

from argosy.control.images import Images, checked_name
from argosy.ground.clock import ManualClock
from argosy.ground.errors import ArgosyError
from argosy.ground.paths import DataDir
from argosy.objects.image_folder import copy
from argosy.state.database import open_database
from argosy.state.images import resolved
from argosy.state.records import Records
from argosy.state.transform_jobs import TRANSFORM_JOB, new_job


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    engine = open_database(tmp_path / "argosy.db")
    yield Records(engine)
    engine.dispose()


@pytest.fixture
def images(records: Records, tmp_path: Path) -> Images:
    return Images(records, DataDir.at(tmp_path), ManualClock())


def content(folder: Path, text: str) -> str:
    """The digest of an image whose program says this."""
    source = folder / text
    source.mkdir()
    (source / "serve").write_text(text)
    (source / "serve").chmod(0o755)
    return copy(source, DataDir.at(folder).images)


def add(images: Images, name: str, digest: str) -> None:
    asyncio.run(images.add("1", {"name": name, "digest": digest}))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("churn", "churn:latest"),
        ("team/churn-model:v1.2", "team/churn-model:v1.2"),
        ("localhost:5000/churn", "localhost:5000/churn:latest"),
        ("1.dkr.ecr.us-east-1.amazonaws.com/c:1", "1.dkr.ecr.us-east-1.amazonaws.com/c:1"),
    ],
)
def test_names_are_repositories_with_a_tag(given: str, name: str) -> None:
    assert checked_name(given) == name


@pytest.mark.parametrize(
    "given",
    ["", "Churn", "a b", "../x", "/x", "x/", "x:", "x:a:b", "sklearn", "r/pca:1", "x" * 300],
)
def test_other_names_are_refused(given: str) -> None:
    with pytest.raises(ArgosyError):
        checked_name(given)


def test_models_find_an_image_with_its_tag_or_without(
    images: Images, records: Records, tmp_path: Path
) -> None:
    digest = content(tmp_path, "one")
    add(images, "churn", digest)
    models = {
        name: {"PrimaryContainer": {"Image": image}}
        for name, image in {"a": "churn", "b": "churn:latest", "c": "churn:v2"}.items()
    }

    assert resolved(records, "1", models) == {"churn": digest, "churn:latest": digest}
    assert resolved(records, "2", models) == {}


def test_content_goes_when_neither_a_name_nor_an_endpoint_refers_to_it(
    images: Images, records: Records, tmp_path: Path
) -> None:
    named, deployed, lone = (content(tmp_path, text) for text in ("named", "deployed", "lone"))
    for name, digest in {"a:1": named, "a:2": named, "b": deployed, "c": lone}.items():
        add(images, name, digest)
    live = {**deployment(), "images": {"b": deployed}}
    records.create("endpoint", "1", "r", "e", document(live=live), now=1.0)

    for name in ("a:1", "b", "c"):
        asyncio.run(images.remove("1", {"name": name}))

    left = {folder.name for folder in DataDir.at(tmp_path).images.iterdir()}
    assert left == {named, deployed}


def test_content_stays_while_a_transform_job_needs_it(
    images: Images, records: Records, tmp_path: Path
) -> None:
    digest = content(tmp_path, "one")
    add(images, "m:1", digest)
    asked = {"ModelName": "m", "TransformResources": {"InstanceType": "t", "InstanceCount": 1}}
    job = new_job("j", "arn", "d-1", asked, {"PrimaryContainer": {"Image": "m:1"}}, 1.0)
    job["deployment"]["images"] = {"m:1": digest}
    made = records.create(TRANSFORM_JOB, "1", "r", "j", dict(job), now=1.0, status="InProgress")

    asyncio.run(images.remove("1", {"name": "m:1"}))
    during = (tmp_path / "images" / digest).exists()
    records.update(made, now=2.0, status="Completed")
    add(images, "m:1", digest)
    asyncio.run(images.remove("1", {"name": "m:1"}))

    assert during
    assert not (tmp_path / "images" / digest).exists()


def test_content_stays_as_long_as_an_instance_was_launched_with_it(
    images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argosy.control.images._NEW_S", -1.0)
    folder = DataDir.at(tmp_path)
    for name in ("draining", "unused"):
        (folder.images / name).mkdir(parents=True)
        (folder.images / f"{name}.lock").touch()
    spec = folder.instance("i-1") / "spec.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"containers": [{"image_folder": str(folder.images / "draining")}]}))

    asyncio.run(images.collect())

    left = {path.name for path in folder.images.iterdir()}
    assert left == {"draining", "draining.lock"}


def test_content_that_is_not_there_gets_no_name(images: Images) -> None:
    for digest in ("", "../..", "0" * 64):
        with pytest.raises(ArgosyError):
            add(images, "churn", digest)
    assert asyncio.run(images.list("1", {})) == {"images": []}
