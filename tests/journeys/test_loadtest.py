"""`argosy loadtest` on a real endpoint: rates, the highest rate, seed 004's formula, the policy."""

import json
import signal
import subprocess
from pathlib import Path

import pytest
from tests.support.command import COMMAND, Ran, argosy, as_in_a_terminal
from tests.support.endpoints import (
    ROWS,
    classifier,
    create_config,
    create_model,
    deploy,
    model_archive,
    settled,
)

from argosy.testing import Platform

NAME = "loaded"
RESOURCE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{NAME}/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


@pytest.fixture(scope="module")
def row(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Path:
    deploy(platform, NAME, model_archive(classifier()))
    path = tmp_path_factory.mktemp("loadtest") / "row.json"
    path.write_text(json.dumps(ROWS[:1].tolist()))
    return path


def loadtest(platform: Platform, row: Path, *arguments: str, name: str = NAME) -> Ran:
    return argosy(platform.environment(), "loadtest", name, "--payload", str(row), *arguments)


def test_rates_are_offered_and_latencies_told_and_drawn(
    platform: Platform, row: Path, tmp_path: Path
) -> None:
    png = tmp_path / "latency.png"
    ran = loadtest(platform, row, "--rps", "20,40", "--duration", "1", "--png", str(png))
    assert ran.code == 0, ran.err
    assert "20.0/s  p50" in ran.out
    assert "40.0/s  p50" in ran.out
    assert "requests/s" in ran.out
    assert png.read_bytes().startswith(b"\x89PNG")


def test_the_highest_rate_gives_the_policy_of_the_formula(platform: Platform, row: Path) -> None:
    """Seed 004: SageMakerVariantInvocationsPerInstance = (MAX_RPS * SAFETY_FACTOR) * 60."""
    options = ("--latency", "p99<2s", "--duration", "8", "--safety-factor", "0.4")
    ran = loadtest(
        platform, row, "--find-max", *options, "--apply", "--max-capacity", "3", "--json"
    )
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["max_rps_per_instance"] > 5
    assert told["target_value"] == pytest.approx(told["max_rps_per_instance"] * 0.4 * 60, abs=0.01)

    scaling = platform.client("application-autoscaling")
    (target,) = scaling.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[RESOURCE["ResourceId"]]
    )["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 3)
    (policy,) = scaling.describe_scaling_policies(**RESOURCE)["ScalingPolicies"]
    configuration = policy["TargetTrackingScalingPolicyConfiguration"]
    assert configuration["TargetValue"] == told["target_value"]
    assert configuration["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
    }
    scaling.deregister_scalable_target(**RESOURCE)


def test_failing_requests_are_told_with_their_reason(
    platform: Platform, row: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text('{"no": "rows"')
    ran = loadtest(platform, tmp_path / "bad.json", "--rps", "10", "--duration", "1")
    assert ran.code == 0, ran.err
    assert "10 failed" in ran.out
    assert "Received client error" in ran.out
    ran = loadtest(platform, tmp_path / "bad.json", "--find-max")
    assert ran.code == 1
    assert "Every request failed: Received client error" in ran.err


def test_a_variant_has_to_be_named_where_there_are_two(platform: Platform, row: Path) -> None:
    create_model(platform, "two-loaded", model_archive(classifier()))
    create_config(platform, "two-loaded", A=("two-loaded", 1, 1.0), B=("two-loaded", 1, 1.0))
    platform.client("sagemaker").create_endpoint(
        EndpointName="two-loaded", EndpointConfigName="two-loaded"
    )
    settled(platform, "two-loaded")
    ran = loadtest(platform, row, "--find-max", name="two-loaded")
    assert ran.code == 1
    assert "name one by --target-variant (A, B)" in ran.err
    one = ("--rps", "10", "--duration", "1", "--target-variant", "B", "--json")
    told = json.loads(loadtest(platform, row, *one, name="two-loaded").out)
    assert told["variant"] == "B"
    assert told["loads"][0]["answered"] == 10


def test_what_is_not_there_or_makes_no_sense_is_refused(platform: Platform, row: Path) -> None:
    ran = loadtest(platform, row, "--rps", "1", name="nobody")
    assert ran.code == 1
    assert "nobody" in ran.err
    assert loadtest(platform, row).code == 2
    assert loadtest(platform, row, "--rps", "1", "--apply").code == 2
    assert loadtest(platform, row, "--rps", "-1").code == 2


def test_control_c_ends_it_with_what_was_measured(platform: Platform, row: Path) -> None:
    long = ["loadtest", NAME, "--payload", str(row), "--rps", "20,20", "--duration", "2"]
    process = subprocess.Popen(
        [*COMMAND, *long],
        env=platform.environment() | {"COLUMNS": "160", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=as_in_a_terminal,
    )
    assert process.stdout is not None
    while "p50" not in (line := process.stdout.readline()):
        assert line, process.communicate()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err + out
