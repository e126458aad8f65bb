"""Real endpoints with a shadow variant, and with data capture: what the caller, the metrics and the
bucket tell of them."""

import base64
import json
import os
import signal
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from tests.support.endpoints import (
    ROWS,
    archive,
    classifier,
    create_model,
    fleet,
    in_service,
    load,
    model_archive,
    predict,
    settled,
    until,
)

from argosy.testing import Platform

MODEL = classifier()
OTHER = classifier(strength=0.01)
LOADS = """
import joblib
def model_fn(folder):
    return joblib.load(folder + "/model.joblib")
"""
SLEEPS = f"""{LOADS}
import time
def predict_fn(rows, model):
    time.sleep(2)
    return model.predict(rows)
"""
BUCKET = "captured-here"


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """One that uploads what it captured within a second or two."""
    with Platform(capture_delay_s=0.5, capture_free_mb=0) as running:
        running.client("s3").create_bucket(Bucket=BUCKET)
        create_model(running, "good", model_archive(MODEL))
        yield running


@pytest.fixture(autouse=True)
def tidy(platform: Platform) -> Iterator[None]:
    """No endpoint is left to cost the next test its cores."""
    yield
    sagemaker = platform.client("sagemaker")
    for endpoint in sagemaker.list_endpoints(StatusEquals="InService")["Endpoints"]:
        sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])


def variant(name: str, model: str, weight: float = 1.0, count: int = 1) -> dict[str, Any]:
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": count,
        "InitialVariantWeight": weight,
    }


def capture(percentage: int = 100, prefix: str = "data") -> dict[str, Any]:
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": percentage,
        "DestinationS3Uri": f"s3://{BUCKET}/{prefix}",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {
            "CsvContentTypes": ["text/csv"],
            "JsonContentTypes": ["application/json"],
        },
    }


def config(platform: Platform, name: str, shadow: str = "", **more: Any) -> None:
    shadows = [variant("dark", shadow)] if shadow else []
    platform.client("sagemaker").create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[variant("live", "good")],
        **({"ShadowProductionVariants": shadows} if shadows else {}),
        **more,
    )


def deploy(platform: Platform, name: str, shadow: str = "", **more: Any) -> None:
    config(platform, name, shadow, **more)
    platform.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=name)
    described = settled(platform, name)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")


def keys(platform: Platform, prefix: str) -> list[str]:
    listed = platform.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [one["Key"] for one in listed.get("Contents", ())]


def events(platform: Platform, prefix: str) -> list[dict[str, Any]]:
    """All that was captured below a prefix."""
    s3 = platform.client("s3")
    found = []
    for key in keys(platform, prefix):
        body = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        found += [json.loads(line) for line in body.splitlines()]
    return found


def shown(platform: Platform, endpoint: str, name: str) -> dict[str, Any]:
    """A variant as `argosy status` shows it."""
    (found,) = [e for e in platform.status()["endpoints"] if e["name"] == endpoint]
    (one,) = [v for v in found["variants"] if v["name"] == name]
    return dict(one)


def test_what_was_asked_and_answered_lies_in_the_bucket(platform: Platform) -> None:
    deploy(platform, "captured", DataCaptureConfig=capture())
    runtime = platform.client("sagemaker-runtime")
    begun = datetime.now(UTC)
    asked = [json.dumps(ROWS[i : i + 1].tolist()) for i in range(20)]
    answered = []
    for number, body in enumerate(asked):
        answer = runtime.invoke_endpoint(
            EndpointName="captured",
            ContentType="application/json",
            Body=body,
            InferenceId=f"id-{number}",
            CustomAttributes="trace=1",
        )
        answered.append(answer["Body"].read().decode())
    npy = runtime.invoke_endpoint(
        EndpointName="captured", ContentType="text/csv", Accept="application/x-npy",
        Body="5.1,3.5,1.4,0.2",
    )["Body"].read()  # fmt: skip

    until(lambda: len(events(platform, "data/captured/live/")) == 21)

    found = events(platform, "data/captured/live/")
    by_id = {e["eventMetadata"].get("inferenceId"): e for e in found}
    assert len({e["eventMetadata"]["eventId"] for e in found}) == 21
    for number, (body, answer) in enumerate(zip(asked, answered, strict=True)):
        data = by_id[f"id-{number}"]["captureData"]
        assert data["endpointInput"]["data"] == body
        assert data["endpointOutput"]["data"] == answer
        assert data["endpointInput"]["encoding"] == data["endpointOutput"]["encoding"] == "JSON"
    unnamed = by_id[None]["captureData"]
    assert unnamed["endpointInput"]["encoding"] == "CSV"
    assert unnamed["endpointOutput"]["encoding"] == "BASE64"
    assert base64.b64decode(unnamed["endpointOutput"]["data"]) == npy
    assert by_id["id-3"]["eventMetadata"]["customAttributes"] == ["trace=1"]
    hours = {f"{when:%Y/%m/%d/%H}" for when in (begun, datetime.now(UTC))}
    assert {key.split("/", 3)[3].rpartition("/")[0] for key in keys(platform, "data/")} <= hours


def test_what_edge_and_control_held_arrives_when_they_are_killed(platform: Platform) -> None:
    deploy(platform, "killed", DataCaptureConfig=capture(prefix="kill"))
    runtime = platform.client("sagemaker-runtime")
    for number in range(30):
        predict(runtime, "killed", ROWS[:1], InferenceId=f"id-{number}")
    until(lambda: _written(platform) >= 30)

    for pid in (*platform.pids()["edges"], platform.pids()["control"]):
        os.kill(pid, signal.SIGKILL)

    until(lambda: len(_arrived(platform)) >= 30, 120)
    ids = [e["eventMetadata"]["inferenceId"] for e in _arrived(platform)]
    assert sorted(ids) == sorted(f"id-{number}" for number in range(30))


def _arrived(platform: Platform) -> list[dict[str, Any]]:
    try:
        return events(platform, "kill/killed/")
    except Exception:  # the edge is away for a moment
        return []


def _written(platform: Platform) -> int:
    """Records that are on disk or in the bucket."""
    on_disk = 0
    for path in (platform.data_dir / "captures").iterdir():
        try:
            on_disk += path.read_bytes().count(b"END1")
        except FileNotFoundError:
            continue
    return on_disk + len(_arrived(platform))


def test_capture_is_switched_off_and_on_by_updates(platform: Platform) -> None:
    sagemaker = platform.client("sagemaker")
    runtime = platform.client("sagemaker-runtime")
    deploy(platform, "switched", DataCaptureConfig=capture(prefix="switch"))
    config(platform, "off", DataCaptureConfig={**capture(prefix="switch"), "EnableCapture": False})
    sagemaker.update_endpoint(EndpointName="switched", EndpointConfigName="off")
    assert settled(platform, "switched")["DataCaptureConfig"]["CaptureStatus"] == "Stopped"
    predict(runtime, "switched", ROWS[:1], InferenceId="off")
    config(platform, "on", DataCaptureConfig=capture(prefix="switch"))
    sagemaker.update_endpoint(EndpointName="switched", EndpointConfigName="on")
    assert settled(platform, "switched")["DataCaptureConfig"]["CaptureStatus"] == "Started"
    predict(runtime, "switched", ROWS[:1], InferenceId="on")

    until(lambda: events(platform, "switch/"))

    assert [e["eventMetadata"]["inferenceId"] for e in events(platform, "switch/")] == ["on"]


def test_a_bucket_that_comes_late_gets_what_was_captured_before(platform: Platform) -> None:
    late = {**capture(), "DestinationS3Uri": "s3://comes-late", "KmsKeyId": "alias/mine"}
    deploy(platform, "early", DataCaptureConfig=late)
    predict(platform.client("sagemaker-runtime"), "early", ROWS[:1])
    until(lambda: list((platform.data_dir / "captures").glob("*.spool")))
    s3 = platform.client("s3")
    s3.create_bucket(Bucket="comes-late")

    until(lambda: s3.list_objects_v2(Bucket="comes-late").get("Contents"))

    (one,) = s3.list_objects_v2(Bucket="comes-late")["Contents"]
    assert one["Key"].startswith("early/live/")
    head = s3.head_object(Bucket="comes-late", Key=one["Key"])
    assert head["ServerSideEncryption"] == "AES256"


def test_the_callers_answers_are_the_production_variants_and_the_shadow_has_its_own_metrics(
    platform: Platform,
) -> None:
    create_model(platform, "differs", model_archive(OTHER))
    deploy(platform, "twofold", "differs", DataCaptureConfig=capture(prefix="twofold"))
    with load(platform, "twofold", MODEL, clients=2) as calling:
        calling.more(50)
    assert calling.failures == []

    until(lambda: shown(platform, "twofold", "dark")["p50_ms"] is not None)
    until(lambda: len(events(platform, "twofold/twofold/dark/")) == calling.calls)

    until(lambda: len(events(platform, "twofold/twofold/live/")) == calling.calls)
    assert shown(platform, "twofold", "dark")["errors_5xx"] == 0
    outputs = [
        e["captureData"]["endpointOutput"]["data"] for e in events(platform, "twofold/twofold/dark")
    ]
    inputs = [
        json.loads(e["captureData"]["endpointInput"]["data"])
        for e in events(platform, "twofold/twofold/dark")
    ]
    for given, output in zip(inputs, outputs, strict=True):
        assert json.loads(output) == OTHER.predict(np.asarray(given)).tolist()


def test_a_shadow_that_sleeps_does_not_slow_the_caller_down(platform: Platform) -> None:
    create_model(platform, "sleeps", model_archive(MODEL, inference=SLEEPS))
    deploy(platform, "unhurt", "sleeps")
    runtime = platform.client("sagemaker-runtime")
    begun = time.perf_counter()
    taken = []
    for number in range(100):
        at = time.perf_counter()
        row = ROWS[number : number + 1]
        assert predict(runtime, "unhurt", row) == MODEL.predict(row).tolist()
        taken.append(time.perf_counter() - at)

    assert statistics.median(taken) < 0.5
    assert time.perf_counter() - begun < 50
    until(lambda: shown(platform, "unhurt", "dark")["in_flight"] > 0)
    assert shown(platform, "unhurt", "live")["errors_5xx"] == 0


def test_a_shadow_that_is_killed_is_replaced_and_costs_no_call(platform: Platform) -> None:
    deploy(platform, "mourned", "good")
    (dark,) = shown(platform, "mourned", "dark")["fleet"]
    with load(platform, "mourned", MODEL, clients=2) as calling:
        os.kill(dark["worker_pid"], signal.SIGKILL)
        calling.more(50)
        until(
            lambda: [
                i["id"]
                for i in shown(platform, "mourned", "dark")["fleet"]
                if i["phase"] == "InService" and i["id"] != dark["id"]
            ]
        )
        calling.more(20)
    assert calling.failures == []


def test_a_shadow_that_cannot_start_fails_the_update_and_the_old_fleet_answers(
    platform: Platform,
) -> None:
    create_model(platform, "broken", archive({"nothing.txt": b"no model"}))
    deploy(platform, "kept")
    config(platform, "kept-two", "broken")
    platform.client("sagemaker").update_endpoint(EndpointName="kept", EndpointConfigName="kept-two")

    described = settled(platform, "kept")

    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "kept")
    assert described["FailureReason"]
    assert predict(platform.client("sagemaker-runtime"), "kept", ROWS[:1]) == [0]


def test_a_shadow_is_scaled_and_ends_with_its_endpoint(platform: Platform) -> None:
    sagemaker = platform.client("sagemaker")
    deploy(platform, "grown", "good")
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="grown",
        DesiredWeightsAndCapacities=[{"VariantName": "dark", "DesiredInstanceCount": 2}],
    )
    (dark,) = settled(platform, "grown")["ShadowProductionVariants"]
    assert (dark["CurrentInstanceCount"], len(in_service(platform, "grown"))) == (2, 3)

    sagemaker.delete_endpoint(EndpointName="grown")

    until(lambda: not fleet(platform, "grown"))
