"""What is measured of endpoints is what was done to them, on a real platform."""

import concurrent.futures
import contextlib
import os
import signal
import time
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from tests.support.async_endpoints import BUCKET as ASYNC_BUCKET
from tests.support.async_endpoints import deploy_async, key_of, make_bucket
from tests.support.endpoints import (
    IMAGE,
    ROWS,
    archive,
    classifier,
    create_config,
    create_model,
    deploy,
    model_archive,
    put_archive,
    settled,
    until,
)
from tests.support.many_models import call, put_model, serve
from tests.support.metrics import lately, names
from tests.support.transforms import BUCKET as TRANSFORMS
from tests.support.transforms import begin, bucket, ended

from argosy.testing import Platform

MOODY = """
import time
def model_fn(folder):
    return None
def input_fn(body, content_type):
    return body.decode() if isinstance(body, bytes) else body
def predict_fn(asked, model):
    if asked == "fail":
        raise ValueError("as you like")
    if asked.startswith("sleep"):
        time.sleep(float(asked[5:]))
    return asked
def output_fn(answer, accept):
    return answer, "text/plain"
"""
VARIANT = {"EndpointName": "moody", "VariantName": "AllTraffic"}


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """Its periods are short, so that nothing has to be waited for."""
    with Platform(scaling_period=1.0) as running:
        yield running


def ask(platform: Platform, body: str) -> str:
    with contextlib.suppress(ClientError):
        answer = platform.client("sagemaker-runtime", retries={"max_attempts": 0}).invoke_endpoint(
            EndpointName="moody", ContentType="text/plain", Body=body
        )
        return str(answer["Body"].read().decode())
    return ""


def total(platform: Platform, name: str, **dimensions: str) -> float:
    sample = lately(platform, name, **(dimensions or VARIANT))
    return 0 if sample is None else sample.total


def test_requests_are_counted_by_what_became_of_them(platform: Platform) -> None:
    packed = archive({"code/inference.py": MOODY.encode()})
    deploy(platform, "moody", packed, instances=2, SAGEMAKER_MODEL_SERVER_TIMEOUT="2")
    for body in ("hello", "hello", "fail"):
        ask(platform, body)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: ask(platform, "sleep0.5"), range(4))) == ["sleep0.5"] * 4
    ask(platform, "sleep5")

    until(lambda: total(platform, "Invocations") >= 8)
    assert total(platform, "Invocations") == 8
    assert total(platform, "InvocationsPerInstance") == 4
    assert total(platform, "Invocation4XXErrors") == 0
    assert total(platform, "Invocation5XXErrors") == 2
    assert total(platform, "InvocationModelErrors") == 2
    latency = lately(platform, "ModelLatency", **VARIANT)
    assert latency is not None
    assert latency.count == 7  # the one that came too late was never answered
    assert latency.maximum >= 500_000
    assert latency.percentile(0.1) == pytest.approx(latency.minimum, rel=0.05)
    assert total(platform, "OverheadLatency") > 0
    read = platform.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName="ModelLatency",
        Dimensions=[{"Name": name, "Value": value} for name, value in VARIANT.items()],
        StartTime=time.time() - 3600,
        EndTime=time.time() + 60,
        Period=3600,
        Statistics=["SampleCount", "Maximum"],
    )["Datapoints"]
    assert sum(point["SampleCount"] for point in read) == latency.count
    assert max(point["Maximum"] for point in read) == latency.maximum
    concurrent_requests = lately(platform, "ConcurrentRequestsPerModel", **VARIANT)
    assert concurrent_requests is not None
    assert 1 <= concurrent_requests.maximum <= 4
    idle = lately(platform, "InvocationsPerInstance", **VARIANT)
    assert idle is not None
    until(lambda: (lately(platform, "InvocationsPerInstance", **VARIANT) or idle).minimum == 0)


def test_what_control_had_not_written_when_it_was_killed_counts_once(platform: Platform) -> None:
    before = total(platform, "Invocations")
    for _ in range(5):
        ask(platform, "hello")
    os.kill(platform.pids()["control"], signal.SIGKILL)
    for _ in range(5):
        ask(platform, "hello")
    until(lambda: total(platform, "Invocations") >= before + 10)
    assert total(platform, "Invocations") == before + 10


def test_what_instances_use_is_measured(platform: Platform) -> None:
    space = "/aws/sagemaker/Endpoints"
    told = {"CPUUtilization", "MemoryUtilization", "DiskUtilization"}
    until(lambda: told <= names(platform, space, **VARIANT))
    until(lambda: told <= names(platform, space, Host=None))
    memory = lately(platform, "MemoryUtilization", space, **VARIANT)
    assert memory is not None
    assert 0 < memory.minimum <= memory.maximum < 100


def test_what_a_transform_job_uses_is_measured_while_it_runs(platform: Platform) -> None:
    create_model(platform, "slow-rows", archive({"code/inference.py": MOODY.encode()}))
    box = bucket(platform)
    box.put_object(Bucket=TRANSFORMS, Key="slow/rows.csv", Body=b"sleep6\n")
    source, target = f"s3://{TRANSFORMS}/slow/", f"s3://{TRANSFORMS}/slow-out/"
    begin(platform, "slow-rows", "slow-rows", source, target, BatchStrategy="SingleRecord")
    assert ended(platform, "slow-rows")["TransformJobStatus"] == "Completed"
    space = "/aws/sagemaker/TransformJobs"
    until(lambda: "MemoryUtilization" in names(platform, space, Host=None))
    assert "DiskUtilization" not in names(platform, space, Host=None)


def test_models_of_a_multi_model_endpoint_are_measured(platform: Platform) -> None:
    for name in ("a.tar.gz", "b.tar.gz"):
        put_model(platform, name, model_archive(classifier()), "many-measured")
    serve(platform, "many-measured")
    runtime = platform.client("sagemaker-runtime")
    for name in ("a.tar.gz", "b.tar.gz", "a.tar.gz", "a.tar.gz"):
        call(runtime, "many-measured", name)
    dims = {"EndpointName": "many-measured", "VariantName": "AllTraffic"}

    until(lambda: (s := lately(platform, "ModelCacheHit", **dims)) and s.count >= 4)
    hits = lately(platform, "ModelCacheHit", **dims)
    assert hits is not None
    assert (hits.count, hits.total) == (4, 2)
    times = {"ModelLoadingWaitTime", "ModelDownloadingTime", "ModelLoadingTime"}
    until(lambda: times <= names(platform, "AWS/SageMaker", **dims))
    until(
        lambda: (
            (s := lately(platform, "LoadedModelCount", "/aws/sagemaker/Endpoints", **dims))
            and s.maximum == 2
        )
    )


def test_asynchronous_requests_are_measured(platform: Platform) -> None:
    deploy_async(platform, "async-measured", model_archive(classifier()))
    s3 = make_bucket(platform)
    body = "\n".join(",".join(map(str, row)) for row in ROWS[:5]).encode()
    s3.put_object(Bucket=ASYNC_BUCKET, Key="rows.csv", Body=body, ContentType="text/csv")
    runtime = platform.client("sagemaker-runtime")
    for place in ("rows.csv", "rows.csv", "none.csv"):
        told = runtime.invoke_endpoint_async(
            EndpointName="async-measured", InputLocation=f"s3://{ASYNC_BUCKET}/{place}"
        )
    assert key_of(told["OutputLocation"])
    dims = {"EndpointName": "async-measured", "VariantName": "AllTraffic"}

    until(lambda: total(platform, "InvocationsProcesssed", **dims) == 2)
    until(lambda: total(platform, "RequestDownloadFailures", **dims) == 1)
    waited = lately(platform, "TotalProcessingTime", **dims)
    assert waited is not None
    assert waited.count == 3
    queue = {"EndpointName": "async-measured"}
    until(lambda: lately(platform, "HasBacklogWithoutCapacity", **queue))
    assert names(platform, "AWS/SageMaker", **queue) >= {
        "ApproximateBacklogSize",
        "ApproximateBacklogSizePerInstance",
        "ApproximateAgeOfOldestRequest",
        "HasBacklogWithoutCapacity",
        "TimeInBacklog",
        "ModelLatency",
    }
    assert "Invocations" not in names(platform, "AWS/SageMaker", **dims)


def test_containers_of_one_model_are_measured_apart(platform: Platform) -> None:
    places = [put_archive(platform, f"part-{n}", model_archive(classifier())) for n in range(2)]
    platform.client("sagemaker").create_model(
        ModelName="parts",
        Containers=[
            {"Image": IMAGE, "ModelDataUrl": place, "ContainerHostname": name}
            for place, name in zip(places, ("first", "second"), strict=True)
        ],
        InferenceExecutionConfig={"Mode": "Direct"},
    )
    create_config(platform, "parts", AllTraffic=("parts", 1, 1.0))
    platform.client("sagemaker").create_endpoint(EndpointName="parts", EndpointConfigName="parts")
    assert settled(platform, "parts")["EndpointStatus"] == "InService"
    runtime = platform.client("sagemaker-runtime")
    for name in ("first", "second", "second"):
        runtime.invoke_endpoint(
            EndpointName="parts",
            TargetContainerHostname=name,
            ContentType="text/csv",
            Body=",".join(map(str, ROWS[0])),
        )
    dims = {"EndpointName": "parts", "VariantName": "AllTraffic"}

    until(lambda: total(platform, "Invocations", **dims) == 3)
    second = {**dims, "ContainerName": "second"}
    assert total(platform, "Invocations", **second) == 2
    assert total(platform, "ContainerLatency", **second) > 0
