"""Functions of images: the container of an environment, and that nothing of it is left."""

import asyncio
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from argosy.agent.engine import Engine as DockerApi
from argosy.automation.functions.containers import definition as definitions
from argosy.automation.functions.containers.archive import archive
from argosy.automation.functions.containers.definition import definition
from argosy.automation.functions.containers.shelf import Shelf
from argosy.automation.functions.containers.whole import LABEL
from argosy.ground.errors import ServiceException
from argosy.ground.functions import IMAGE, FunctionVersion, ImageStart, NoImage
from tests.support.endpoints import until
from tests.support.fake_engine import Contained, FakeEngine
from tests.support.function_engine import ACCOUNT, REGION, Engine

HANDLER = """
import os, time
calls = 0

def handler(event, context):
    global calls
    calls += 1
    print("got", event)
    if event == "exit":
        os._exit(3)
    if event == "sleep":
        time.sleep(600)
    return [calls, os.environ.get("AWS_LAMBDA_FUNCTION_NAME"), "_HANDLER" in os.environ]
"""


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[FakeEngine]:
    (tmp_path / "app.py").write_text(HANDLER)
    with FakeEngine(tmp_path) as running:
        entry = [sys.executable, "-m", "awslambdaric"]
        running.has("app:1", Entrypoint=entry, Cmd=["app.handler"], WorkingDir=str(tmp_path))
        yield running


def started(docker: FakeEngine, folder: Path, **settings: Any) -> Engine:
    given = {"function_spares": 0, "container_engine": str(docker.socket), **settings}
    return Engine(folder / "data", **given)


def version(engine: Engine, **members: Any) -> FunctionVersion:
    image = engine.run(engine.engine.image("app:1", None))
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:boxed"
    given = {"name": "boxed", "arn": arn, "revision": "1", "timeout_s": 60.0, **members}
    role = f"arn:aws:iam::{ACCOUNT}:role/worker"
    return FunctionVersion(
        account=ACCOUNT, region=REGION, package_type=IMAGE, image=image, role=role, **given
    )


def test_an_environment_is_a_container_that_is_used_again_and_ends_when_idle(
    docker: FakeEngine, tmp_path: Path
) -> None:
    with started(docker, tmp_path, function_idle_s=1.0) as engine:
        boxed = version(engine)
        first, second = engine.invoke(boxed, 1, tail=True), engine.invoke(boxed, 2)

        assert json.loads(first.payload) == [1, "boxed", False]
        assert json.loads(second.payload) == [2, "boxed", False]
        start, *_, report = first.log_tail.decode().splitlines()
        assert start == f"START RequestId: {first.request_id} Version: $LATEST"
        assert report.startswith("REPORT RequestId: ")
        assert "Max Memory Used: 0 MB" not in report
        until(lambda: "got 2" in engine.log(boxed))
        until(lambda: docker.names == [])


def test_containers_end_with_the_engine_of_functions_and_with_their_revision(
    docker: FakeEngine, tmp_path: Path
) -> None:
    with started(docker, tmp_path) as engine:
        boxed = version(engine)
        engine.invoke(boxed, 1)
        (old,) = docker.names
        assert engine.answer(replace(boxed, revision="2"), 1)[0] == 1
        until(lambda: len(docker.names) == 1 and old not in docker.names)
    assert docker.names == []


def test_a_program_that_ends_hangs_or_is_not_there_is_told_of_as_for_zips(
    docker: FakeEngine, tmp_path: Path
) -> None:
    with started(docker, tmp_path) as engine:
        boxed = version(engine)
        assert "exit status 3" in engine.answer(boxed, "exit")["errorMessage"]
        hasty = replace(boxed, timeout_s=1.0, revision="2")
        assert engine.answer(hasty, "sleep")["errorType"] == "Sandbox.Timedout"
        nothing = ImageStart(entrypoint=("/nothing",))
        absent = replace(boxed, image_start=nothing, revision="3")
        assert "exit status 127" in engine.answer(absent)["errorMessage"]
        until(lambda: any("/nothing" in line for line in engine.log(boxed)))
        until(lambda: docker.names == [])


def test_what_a_killed_control_has_left_is_removed_and_nothing_else(
    docker: FakeEngine, tmp_path: Path
) -> None:
    data = str(tmp_path / "data")
    docker.containers["a"] = Contained("argosy-function-a", {"Labels": {LABEL: data}})
    docker.containers["b"] = Contained("argosy-function-b", {"Labels": {LABEL: "/elsewhere"}})
    docker.containers["c"] = Contained("somebody's", {})

    with started(docker, tmp_path):
        until(lambda: docker.names == ["argosy-function-b", "somebody's"])


def test_images_are_what_the_engine_has_or_can_pull(docker: FakeEngine, tmp_path: Path) -> None:
    docker.has("empty:1")
    with started(docker, tmp_path) as engine:
        image = engine.run(engine.engine.image("app:1", None))
        assert (image.resolved, image.digest) == (f"app@sha256:{'d' * 64}", "d" * 64)
        for name, words in (
            ("none:1", "cannot be pulled: denied"),
            ("empty:1", "neither an ENTRY"),
        ):
            with pytest.raises(NoImage, match=words):
                engine.run(engine.engine.image(name, None))
    assert docker.pulled == ["none:1"]


def test_an_image_that_the_engine_has_lost_is_missed(docker: FakeEngine, tmp_path: Path) -> None:
    with started(docker, tmp_path) as engine:
        boxed = version(engine)
        docker.images.clear()
        with pytest.raises(ServiceException, match=r"has no image app@sha256:d+ any more"):
            engine.invoke(boxed)


def test_an_engine_that_is_away_hinders_only_functions_of_images(
    docker: FakeEngine, tmp_path: Path
) -> None:
    with started(docker, tmp_path, container_engine=str(tmp_path / "none")) as engine:
        assert engine.answer(engine.version("def handler(e, c): return e"), 5) == 5
        with pytest.raises(ServiceException, match="does not answer"):
            engine.run(engine.engine.image("app:1", None))

    with (
        started(docker, tmp_path, container_engine="") as engine,
        pytest.raises(ServiceException, match="ARGOSY_CONTAINER_ENGINE"),
    ):
        engine.run(engine.engine.image("app:1", None))


def test_one_who_leaves_does_not_stop_the_look_for_an_image(
    docker: FakeEngine, tmp_path: Path
) -> None:
    with started(docker, tmp_path) as engine:

        async def both() -> str:
            hasty = asyncio.create_task(engine.engine.image("app:1", None))
            await asyncio.sleep(0)
            hasty.cancel()
            return (await engine.engine.image("app:1", None)).uri

        assert engine.run(both()) == "app:1"
    assert docker.asked.count("GET /images/app:1/json") == 1


def test_images_of_no_function_are_given_up_unless_they_are_new(
    docker: FakeEngine, tmp_path: Path
) -> None:
    with started(docker, tmp_path, container_engine="") as engine:
        shelf = Shelf(engine.means, DockerApi(str(docker.socket)))
        for digest in ("old", "used", "new"):
            docker.has(f"{shelf.repository}:{digest}", Cmd=["x"])
        blob = {"uri": "s3://b/k", "digest": "sha256:0", "size": 1}
        shelf.look_up("x:1", {"digest": "new", "resolved": "x", "config": blob, "layers": []})

        shelf.keep({"used"})

    kept = {name for name in docker.images if name.startswith(shelf.repository)}
    assert kept == {f"{shelf.repository}:used", f"{shelf.repository}:new"}


def test_an_image_of_more_than_images_may_have_is_refused(
    docker: FakeEngine, tmp_path: Path
) -> None:
    with started(docker, tmp_path, container_engine="", max_image_gb=1.0) as engine:
        blob = {"uri": "s3://b/k", "digest": "sha256:0", "size": (1 << 30) + 1}
        large = {"digest": "large", "resolved": "x", "config": blob, "layers": [blob]}
        with pytest.raises(NoImage, match="ARGOSY_MAX_IMAGE_GB is 1"):
            Shelf(engine.means, DockerApi(str(docker.socket))).look_up("x:1", large)


FOUND = {"Id": "sha256:1", "Config": {"Entrypoint": ["/e"], "Cmd": ["c"], "WorkingDir": "/w"}}
BOXED = FunctionVersion(
    account=ACCOUNT, region=REGION, name="f", arn="arn", memory_mb=256, ephemeral_mb=1024
)


def test_a_container_is_closed_in_and_limited() -> None:
    made = definition(BOXED, FOUND, {"A": "b"}, {"l": "v"})

    host = made["HostConfig"]
    assert (made["Env"], made["Labels"]) == (["A=b"], {"l": "v"})
    assert (made["Entrypoint"], made["Cmd"], made["WorkingDir"]) == (["/e"], ["c"], "/w")
    assert (host["ReadonlyRootfs"], host["CapDrop"]) == (True, ["ALL"])
    assert host["Memory"] == host["MemorySwap"] == 1280 << 20
    assert "size=1024m" in host["Tmpfs"]["/tmp"]


def test_what_is_set_goes_before_what_the_image_says_each_by_itself() -> None:
    for start, expected in (
        (ImageStart(entrypoint=("/x",)), (["/x"], ["c"], "/w")),
        (ImageStart(command=("y", "z")), (["/e"], ["y", "z"], "/w")),
        (ImageStart(folder="/v"), (["/e"], ["c"], "/v")),
    ):
        made = definition(replace(BOXED, image_start=start), FOUND, {}, {})
        assert (made["Entrypoint"], made["Cmd"], made["WorkingDir"]) == expected


def test_an_image_without_a_user_is_run_by_one_without_rights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(definitions.os, "geteuid", lambda: 0)
    assert definition(BOXED, FOUND, {}, {})["User"] == "65534:65534"
    monkeypatch.setattr(definitions.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(definitions.os, "getegid", lambda: 100)
    assert definition(BOXED, FOUND, {}, {})["User"] == "1000:100"
    named = {"Id": "i", "Config": {"User": "app", "Cmd": ["c"]}}
    assert definition(BOXED, named, {}, {})["User"] == "app"


def test_an_archive_is_a_tar_as_docker_saves_it(tmp_path: Path) -> None:
    contents = {"config": b"{}", "0": b"a" * 700, "1": b""}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)

    packed = b"".join(archive("x:1", tmp_path / "config", [tmp_path / "0", tmp_path / "1"]))

    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        read = {name: tar.extractfile(name) for name in tar.getnames()}
        found = {name: file.read() for name, file in read.items() if file}
    (manifest,) = json.loads(found["manifest.json"])
    assert (manifest["RepoTags"], found[manifest["Config"]]) == (["x:1"], b"{}")
    assert [found[name] for name in manifest["Layers"]] == [b"a" * 700, b""]
