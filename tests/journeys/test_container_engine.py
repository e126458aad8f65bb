"""Images that a container engine runs, with a real podman where one can run containers."""

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support import python_image
from tests.support.endpoints import (
    ROWS,
    archive,
    classifier,
    create_config,
    in_service,
    put_archive,
    settled,
    until,
)
from tests.support.podman import Podman, engine_spec, podman

from argosy.agent.containers import have_image
from argosy.agent.engine import Engine
from argosy.agent.model import CannotServe
from argosy.agent.watch import Watch
from argosy.ground.instances import CONTAINER_FILE
from argosy.ground.usage import memory, trees
from argosy.testing import Platform

MODEL = classifier()
CSV = "\n".join(",".join(map(str, row)) for row in ROWS)
WEIGHTS = json.dumps({"coef": MODEL.coef_.tolist(), "bias": MODEL.intercept_.tolist()})
IMAGE = "localhost/server:1"
STUBBORN = "import signal,time; signal.signal(15, signal.SIG_IGN); print('up'); time.sleep(99)"


@pytest.fixture(scope="module")
def engine() -> Iterator[Podman]:
    with podman(python_image.image()) as running:
        if running.why_not:
            pytest.skip(running.why_not)
        yield running


@pytest.fixture(scope="module")
def platform(engine: Podman) -> Iterator[Platform]:
    with Platform(container_engine=str(engine.socket), instance_memory_mb=200) as running:
        yield running


def serve(platform: Platform, name: str, image: str = IMAGE, **model: Any) -> dict[str, Any]:
    sagemaker = platform.client("sagemaker")
    sagemaker.create_model(
        ModelName=name,
        PrimaryContainer={
            "Image": image,
            "ModelDataUrl": put_archive(platform, name, archive({"model.json": WEIGHTS.encode()})),
            "Environment": {"GREETED": "yes"},
        },
        **model,
    )
    create_config(platform, name, AllTraffic=(name, 1, 1.0))
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return settled(platform, name, 180)


def ask(platform: Platform, endpoint: str, body: str) -> Any:
    runtime = platform.client("sagemaker-runtime")
    answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=body)
    return json.loads(answer["Body"].read())


def lines(platform: Platform, endpoint: str) -> list[str]:
    logs, group = platform.client("logs"), f"/aws/sagemaker/Endpoints/{endpoint}"
    return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]


def test_a_container_serves_prints_into_the_log_and_goes_when_told(
    platform: Platform, engine: Podman
) -> None:
    described = serve(platform, "pod")

    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    assert ask(platform, "pod", CSV) == MODEL.predict(ROWS).tolist()
    about = ask(platform, "pod", "about")
    assert (about["user"], about["arguments"]) == ("model", ["serve"])
    assert (about["environment"]["GREETED"], about["environment"]["GREETING"]) == (
        "yes",
        "from the image",
    )
    (instance,) = in_service(platform, "pod")
    made = json.loads(engine.run("inspect", f"argosy-{instance['id']}"))[0]
    assert made["HostConfig"]["Memory"] == 200 << 20
    noted = platform.data_dir / "instances" / instance["id"] / CONTAINER_FILE
    measured = trees([json.loads(noted.read_text())["pid"]])
    assert memory([pid for tree in measured.values() for pid in tree.pids]) > 5 << 20

    platform.client("sagemaker").delete_endpoint(EndpointName="pod")

    until(lambda: engine.containers() == [])
    assert any(line.startswith("predicting 150") for line in lines(platform, "pod"))
    assert any(line.startswith("told to stop") for line in lines(platform, "pod"))


def test_an_isolated_container_has_no_network_and_is_reached_all_the_same(
    platform: Platform,
) -> None:
    described = serve(platform, "pod-alone", EnableNetworkIsolation=True)

    if "can be reached only by root" in described.get("FailureReason", ""):
        pytest.skip("this user may not enter the container's network")
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    assert ask(platform, "pod-alone", CSV) == MODEL.predict(ROWS).tolist()
    assert ask(platform, "pod-alone", "about")["interfaces"] == ["lo"]
    platform.client("sagemaker").delete_endpoint(EndpointName="pod-alone")


def test_a_container_outlives_neither_its_agent_nor_its_program(
    platform: Platform, engine: Podman
) -> None:
    assert serve(platform, "pod-dies")["EndpointStatus"] == "InService"
    first = in_service(platform, "pod-dies")[0]["id"]
    with pytest.raises(ClientError):
        platform.client("sagemaker-runtime", retries={"total_max_attempts": 1}).invoke_endpoint(
            EndpointName="pod-dies", ContentType="text/csv", Body="exit"
        )

    def second() -> str | None:
        ids = [one["id"] for one in in_service(platform, "pod-dies") if one["id"] != first]
        return ids[0] if ids else None

    replaced = until(second, 120)
    until(lambda: engine.containers() == [f"argosy-{replaced}"])

    os.kill(agent_of(platform, replaced), signal.SIGKILL)

    until(lambda: f"argosy-{replaced}" not in engine.containers())
    platform.client("sagemaker").delete_endpoint(EndpointName="pod-dies")
    until(lambda: engine.containers() == [], 120)


def agent_of(platform: Platform, instance: str) -> int:
    return int(
        json.loads((platform.data_dir / f"instances/{instance}/agent.json").read_text())["pid"]
    )


def test_an_image_that_cannot_be_pulled_fails_the_endpoint(platform: Platform) -> None:
    described = serve(platform, "pod-nowhere", "localhost:1/nowhere:1")

    assert described["EndpointStatus"] == "Failed"
    assert "The image localhost:1/nowhere:1 cannot be pulled" in described["FailureReason"]


@pytest.mark.parametrize(
    ("policy", "image", "words"),
    [
        ("missing", IMAGE, ""),
        ("never", IMAGE, ""),
        ("never", "localhost:1/nowhere:1", "has no image localhost:1/nowhere:1"),
        ("always", "localhost:1/nowhere:1", "localhost:1/nowhere:1"),
    ],
)
def test_images_are_pulled_as_the_policy_says(
    engine: Podman, policy: str, image: str, words: str
) -> None:
    asked = engine_spec(str(engine.socket), image)
    try:
        have_image(Watch(), asked, policy, lambda line: None)
        said = ""
    except CannotServe as failure:
        said = str(failure)

    assert words in said
    assert bool(words) is bool(said)


def test_a_program_that_does_not_heed_sigterm_is_killed(engine: Podman) -> None:
    asked = Engine(str(engine.socket))
    definition = {"Image": IMAGE, "Entrypoint": ["/opt/python/bin/python3", "-uc", STUBBORN]}
    container = asked.create("stubborn", definition)
    asked.start(container)
    printed = asked.logs(container)
    assert next(printed).startswith(b"up")

    asked.stop(container, 1)

    assert asked.wait(container) == 137
    assert not b"".join(printed).strip()
    asked.remove(container)
    assert "stubborn" not in engine.containers()
