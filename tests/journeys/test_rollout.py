"""`argosy rollout` on a whole platform: control carries it out, and turns it back where guards are
violated, whether or not the command is still there."""

import json
import signal
import subprocess
from typing import Any

import pytest
from tests.support.command import COMMAND, as_in_a_terminal
from tests.support.endpoints import settled, until
from tests.support.versions import callers, make_version, serve

ENDPOINT = "roll"
LONG = ["--canary", "50,100", "--every", "5m"]


def command(platform: Any, *arguments: str) -> list[str]:
    return [*COMMAND, "rollout", ENDPOINT, *arguments, "--data-dir", str(platform.data_dir)]


def rollout(platform: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    asked = command(platform, *arguments)
    return subprocess.run(asked, capture_output=True, text=True, timeout=120, check=False)


def deployment(platform: Any) -> dict[str, Any]:
    """What `argosy rollout --status --json` says."""
    found: dict[str, Any] = json.loads(rollout(platform, "--status", "--json").stdout)
    return found


@pytest.fixture(scope="module", autouse=True)
def versions(platform: Any) -> None:
    make_version(platform, "roll-old")
    make_version(platform, "roll-new")
    make_version(platform, "roll-slow", act="time.sleep(0.15)")
    make_version(platform, "roll-wrong", act="raise ValueError('wrong')")
    serve(platform, ENDPOINT, "roll-old")


def test_a_good_version_takes_over_and_the_command_says_so(platform: Any) -> None:
    guards = "p99<10s,errors<1%"

    with callers(platform, ENDPOINT) as clients:
        done = rollout(
            platform, "--to", "roll-new", "--canary", "5,50,100", "--every", "2s", "--guard", guards
        )
        clients.more("roll-new")

    assert (done.returncode, clients.failures) == (0, [])
    said = done.stdout.splitlines()
    assert said[-1] == f"{ENDPOINT} serves roll-new."
    assert any("5 % on roll-new, step 1 of 3" in line for line in said)
    assert any("100 % on roll-new, step 3 of 3" in line for line in said)
    again = rollout(platform, "--to", "roll-new")
    assert (again.returncode, "serves roll-new already" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("config", "guards", "reason"),
    [
        ("roll-slow", "p99<100ms,calls>=5", "p99 of the new version is"),
        ("roll-wrong", "5xx<20%,calls>=5", "5xx of the new version is 100%"),
    ],
)
def test_a_version_that_violates_a_guard_is_rolled_back(
    platform: Any, config: str, guards: str, reason: str
) -> None:
    before = settled(platform, ENDPOINT)["EndpointConfigName"]

    with callers(platform, ENDPOINT) as clients:
        done = rollout(platform, "--to", config, *LONG, "--guard", guards)
        failed = len(clients.failures)
        clients.more(before, 50)

    assert done.returncode == 1
    assert f"{ENDPOINT} serves {before} as before" in done.stderr
    assert reason in done.stderr
    assert len(clients.failures) - failed <= 2, "only what was under way"
    assert all("ModelError" in one for one in clients.failures)
    assert settled(platform, ENDPOINT)["EndpointConfigName"] == before


def test_a_rollout_goes_on_without_its_command_and_is_turned_back_by_hand(platform: Any) -> None:
    before = settled(platform, ENDPOINT)["EndpointConfigName"]
    with subprocess.Popen(
        command(platform, "--to", "roll-slow", *LONG),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=as_in_a_terminal,
    ) as asking:
        until(lambda: deployment(platform).get("phase") == "baking")
        asking.send_signal(signal.SIGINT)
        _, said = asking.communicate(timeout=60)
    assert asking.returncode == 130
    assert f"argosy rollout {ENDPOINT} --rollback" in said

    shown = deployment(platform)
    assert (shown["to"], shown["share"], shown["steps"]) == ("roll-slow", 0.5, [0.5, 1.0])
    table = subprocess.run(
        [*COMMAND, "status", ENDPOINT, "--data-dir", str(platform.data_dir)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "50 % → roll-slow" in table.stdout
    done = rollout(platform, "--rollback")

    assert (done.returncode, done.stderr) == (0, f"{ENDPOINT} goes back to {before}.\n")
    described = settled(platform, ENDPOINT)
    assert described["EndpointConfigName"] == before
    assert "rolled back by hand" in described["FailureReason"]
    nothing = rollout(platform, "--rollback")
    assert (nothing.returncode, "moves by steps" in nothing.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--to", "nowhere"], "Could not find endpoint configuration"),
        (["--to", "roll-slow", "--canary", "50,20,100"], "rise up to 100"),
        (["--to", "roll-slow", "--guard", "p99<fast"], "is not a guard"),
        (["--to", "roll-slow", "--every", "soon"], "--every soon"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    platform: Any, arguments: list[str], sentence: str
) -> None:
    done = rollout(platform, *arguments)

    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_new_config_captures_is_captured_from_then_on(platform: Any) -> None:
    sagemaker = platform.client("sagemaker")
    found = sagemaker.describe_endpoint_config(EndpointConfigName="roll-old")
    sagemaker.create_endpoint_config(
        EndpointConfigName="roll-captured",
        ProductionVariants=found["ProductionVariants"],
        DataCaptureConfig={
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": "s3://models/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
    )

    done = rollout(platform, "--to", "roll-captured", "--canary", "100", "--every", "1s")

    assert done.returncode == 0, done.stderr
    assert settled(platform, ENDPOINT)["DataCaptureConfig"]["CaptureStatus"] == "Started"
