"""Functions of container images, with a real podman where one can run containers."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.support import function_image
from tests.support.endpoints import until
from tests.support.lambda_functions import ROLE, invoke
from tests.support.oci_images import digest
from tests.support.podman import Podman, podman
from tests.support.registry import RegistryClient

from argosy.agent.engine import Engine
from argosy.automation.functions.containers.shelf import repository
from argosy.ground.paths import DataDir
from argosy.testing import Platform

SOURCE = """
import http.client, os, time

calls = 0


def handler(event, context):
    global calls
    calls += 1
    print("got", event)
    if event == "raise":
        raise ValueError("not that")
    if event == "grow":
        held = [b"x" * (1 << 20) for _ in range(2000)]
    if event == "stay":
        time.sleep(600)
    return {"calls": calls, "environ": dict(os.environ), "uid": os.getuid(), "word": WORD}


def other(event, context):
    there = http.client.HTTPConnection(os.environ["AWS_ENDPOINT_URL"].partition("//")[2])
    there.request("GET", "/")
    with open("/tmp/written", "w") as file:
        file.write("x" * 1000)
    try:
        open("/var/task/written", "w")
    except OSError as error:
        return [there.getresponse().status, error.strerror, os.getcwd()]
"""
FIRST = function_image.image(f"WORD = 'first'\n{SOURCE}")
SECOND = function_image.image(f"WORD = 'second'\n{SOURCE}")
OWN = "localhost/server:1"


@pytest.fixture(scope="module")
def engine() -> Iterator[Podman]:
    with podman(FIRST) as running:
        if running.why_not:
            pytest.skip(running.why_not)
        yield running
        assert running.containers() == []


@pytest.fixture(scope="module")
def platform(engine: Podman) -> Iterator[Platform]:
    settings = {"container_engine": str(engine.socket), "container_pull": "never"}
    with Platform(**settings, function_spares=0) as running:
        yield running


def create(platform: Platform, name: str, image: str, **members: Any) -> dict[str, Any]:
    client = platform.client("lambda")
    given = {"PackageType": "Image", "Code": {"ImageUri": image}, "Role": ROLE, "Timeout": 60}
    made: dict[str, Any] = client.create_function(**{"FunctionName": name, **given, **members})
    return made


def lines(platform: Platform, name: str) -> list[str]:
    logs = platform.client("logs")
    with suppress(logs.exceptions.ResourceNotFoundException):
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        return [event["message"] for event in events]
    return []


def test_an_image_of_the_registry_is_a_function_until_it_is_updated(
    platform: Platform, engine: Podman
) -> None:
    client, there = platform.client("lambda"), RegistryClient(platform, "team/function")
    there.push(FIRST, "live")
    uri = f"{there.host}/team/function:live"

    made = create(platform, "pushed", uri, Publish=True, Environment={"Variables": {"SAID": "so"}})

    named = digest(FIRST.manifest)
    assert (made["State"], made["PackageType"], made["Version"]) == ("Active", "Image", "1")
    assert made["CodeSha256"] == named.partition(":")[2]
    assert not made.keys() & {"Runtime", "Handler", "Layers"}
    code = client.get_function(FunctionName="pushed")["Code"]
    assert code["ImageUri"] == uri
    assert code["ResolvedImageUri"] == f"{there.host}/team/function@{named}"

    answer = invoke(client, "pushed", {"a": 1})
    again = invoke(client, "pushed", {"a": 2})
    environ = answer["environ"]
    assert (answer["word"], answer["calls"], again["calls"]) == ("first", 1, 2)
    assert (environ["SAID"], environ["GREETING"]) == ("so", "from the image")
    assert environ["AWS_LAMBDA_FUNCTION_NAME"] == "pushed"
    assert environ["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert environ["AWS_ENDPOINT_URL"] == platform.url
    assert answer["uid"] == 65534

    client.create_alias(FunctionName="pushed", Name="old", FunctionVersion="1")
    there.push(SECOND, "live")
    assert invoke(client, "pushed")["word"] == "first"
    updated = client.update_function_code(FunctionName="pushed", ImageUri=uri)
    assert updated["CodeSha256"] == digest(SECOND.manifest).partition(":")[2]
    assert invoke(client, "pushed")["word"] == "second"
    assert invoke(client, "pushed:old")["word"] == "first"

    client.delete_function(FunctionName="pushed")
    there.close()
    until(lambda: engine.containers() == [])
    loaded, asked = repository(DataDir.at(platform.data_dir)), Engine(str(engine.socket))
    assert {name.rpartition(":")[2] for name in asked.images(loaded)} == {
        digest(image.manifest).partition(":")[2] for image in (FIRST, SECOND)
    }
    for name in asked.images(loaded):  # as control does where no function has them any more
        asked.untag(name)
    assert asked.images(loaded) == []


def test_a_function_of_an_image_fails_as_others_do(platform: Platform, engine: Podman) -> None:
    client = platform.client("lambda")
    create(platform, "fails", OWN, Timeout=5)

    failed = client.invoke(FunctionName="fails", Payload=b'"raise"')
    assert failed["FunctionError"] == "Unhandled"
    told = json.load(failed["Payload"])
    assert (told["errorType"], told["errorMessage"]) == ("ValueError", "not that")
    assert invoke(client, "fails", "stay")["errorType"] == "Sandbox.Timedout"
    assert "signal: killed" in invoke(client, "fails", "grow")["errorMessage"]
    client.invoke(FunctionName="fails", InvocationType="Event", Payload=b'"later"')

    until(lambda: "got later" in lines(platform, "fails"))
    until(lambda: sum(line.startswith("REPORT") for line in lines(platform, "fails")) == 4)
    starts = [line for line in lines(platform, "fails") if line.startswith("START RequestId: ")]
    assert len(starts) == 4
    client.delete_function(FunctionName="fails")
    until(lambda: engine.containers() == [])


def test_what_is_run_of_an_image_can_be_chosen(platform: Platform) -> None:
    client = platform.client("lambda")
    made = create(platform, "chosen", OWN, ImageConfig={"Command": ["app.other"]})
    assert made["ImageConfigResponse"] == {"ImageConfig": {"Command": ["app.other"]}}
    status, refusal, folder = invoke(client, "chosen")
    assert (status, refusal, folder) == (403, "Read-only file system", "/var/task")

    config = {"EntryPoint": ["/nothing"], "WorkingDirectory": "/tmp"}
    client.update_function_configuration(FunctionName="chosen", ImageConfig=config)
    assert invoke(client, "chosen")["errorType"] == "Runtime.ExitError"
    until(lambda: any("/nothing" in line for line in lines(platform, "chosen")))

    entry = [f"/{function_image.HOME}/bin/python3", "-m", "awslambdaric"]
    config |= {"EntryPoint": entry, "Command": ["app.other"], "WorkingDirectory": "/var"}
    environment = {"Variables": {"PYTHONPATH": "/var/task"}}
    client.update_function_configuration(
        FunctionName="chosen", ImageConfig=config, Environment=environment
    )
    assert invoke(client, "chosen")[2] == "/var"
    client.delete_function(FunctionName="chosen")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"Code": {"ImageUri": "localhost/none:1"}}, "has no such image"),
        ({"Code": {"ImageUri": "{host}/team/none:1"}}, "does not exist. Provide a valid"),
        ({"Runtime": "python3.12", "Handler": "a.b"}, "Please don't provide handler or runtime"),
        ({"Code": {"ZipFile": b"PK"}}, "Please provide ImageUri"),
        ({"ImageConfig": {"WorkingDirectory": "here"}}, "must be an absolute path"),
    ],
)
def test_what_is_no_function_of_an_image_is_refused(
    platform: Platform, members: dict[str, Any], words: str
) -> None:
    if "ImageUri" in members.get("Code", {}):
        host = platform.url.partition("//")[2]
        members = {"Code": {"ImageUri": members["Code"]["ImageUri"].format(host=host)}}
    with pytest.raises(ClientError, match=words) as refused:
        create(platform, "refused", OWN, **members)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_no_container_outlives_a_control_that_is_killed(platform: Platform, engine: Podman) -> None:
    create(platform, "killed", OWN)
    client = platform.client("lambda", retries={"max_attempts": 0})
    assert invoke(client, "killed")["calls"] == 1
    (first,) = engine.containers()
    control = platform.pids()["control"]

    os.kill(control, signal.SIGKILL)

    until(lambda: platform.pids()["control"] not in (0, control))
    until(lambda: first not in engine.containers())

    def answered() -> bool:
        with suppress(ClientError, BotoCoreError):
            return invoke(client, "killed")["calls"] == 1
        return False

    until(answered)
    assert len(engine.containers()) == 1  # it ends with the platform: see the fixture
