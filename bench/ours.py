"""Argosy as it is measured: a whole platform, endpoints made by boto3, requests boto3 signed."""

import contextlib
import io
import json
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from argosy.testing import Platform
from bench.model import Sample
from bench.processes import Unavailable
from bench.signing import signed_invocation
from bench.stacks import Target, check

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
ROLE = "arn:aws:iam::000000000000:role/bench"
BUCKET = "bench"
_JSON = "application/json"

T = TypeVar("T")


@dataclass(frozen=True)
class Variant:
    """A production variant of an endpoint to measure: one instance, one worker."""

    name: str
    weight: float


ONE = (Variant("Only", 1.0),)
TWO = (Variant("Blue", 0.7), Variant("Green", 0.3))


def packed(files: dict[str, bytes]) -> bytes:
    """A model.tar.gz with these members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def make_model(platform: Platform, name: str, archive: bytes) -> None:
    """Upload an archive and make a SageMaker model of it."""
    store = platform.client("s3")
    if BUCKET not in [bucket["Name"] for bucket in store.list_buckets()["Buckets"]]:
        store.create_bucket(Bucket=BUCKET)
    store.put_object(Bucket=BUCKET, Key=f"{name}.tar.gz", Body=archive)
    platform.client("sagemaker").create_model(
        ModelName=name,
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/{name}.tar.gz"},
    )


def make_config(platform: Platform, name: str, model: str, variants: Sequence[Variant]) -> None:
    """An endpoint config with one instance a variant."""
    platform.client("sagemaker").create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": variant.name,
                "ModelName": model,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": variant.weight,
            }
            for variant in variants
        ],
    )


def create_endpoint(platform: Platform, name: str, config: str) -> float:
    """Seconds from CreateEndpoint being sent to DescribeEndpoint saying InService.

    Raises Unavailable with the FailureReason.
    """
    sagemaker = platform.client("sagemaker")
    sagemaker.list_endpoints()  # the connection is there before the clock runs
    began = time.perf_counter()
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    described = until(lambda: _settled(sagemaker, name), 90)
    if described["EndpointStatus"] != "InService":
        raise Unavailable(f"endpoint {name}: {described.get('FailureReason', 'no reason')[:300]}")
    return time.perf_counter() - began


def delete_endpoint(platform: Platform, name: str) -> None:
    """Delete an endpoint and wait until its instances are gone."""
    platform.client("sagemaker").delete_endpoint(EndpointName=name)
    until(lambda: not fleet(platform, name), 90)


def fleet(platform: Platform, endpoint: str) -> list[dict[str, Any]]:
    """The endpoint's instances: id, phase, worker_pid, agent_pid, …"""
    return [
        instance
        for entry in platform.status()["endpoints"]
        if entry["name"] == endpoint
        for variant in entry["variants"]
        for instance in variant["fleet"]
    ]


def until(probe: Callable[[], T | None], seconds: float) -> T:
    """The first true answer of `probe`, asked every 5 ms. Raises Unavailable when it takes long."""
    deadline = time.monotonic() + seconds
    while not (answer := probe()):
        if time.monotonic() > deadline:
            raise Unavailable(f"not within {seconds:.0f} s")
        time.sleep(0.005)
    return answer


@contextlib.contextmanager
def serving(
    platform: Platform, model: Path, samples: Sequence[Sample], variants: Sequence[Variant]
) -> Iterator[Target]:
    """An endpoint with the model in every variant that has predicted every sample rightly."""
    name = f"bench-{len(variants)}"
    make_model(platform, name, packed({"model.joblib": model.read_bytes()}))
    make_config(platform, name, name, variants)
    create_endpoint(platform, name, name)
    target = Target(platform.url, lambda: invocations(platform, name, samples))
    check(target.url, target.requests(), samples, _prediction)
    yield target
    delete_endpoint(platform, name)


def invocations(platform: Platform, endpoint: str, samples: Sequence[Sample]) -> list[bytes]:
    """One signed InvokeEndpoint a sample, as boto3 would put it on the wire now."""
    runtime = platform.client("sagemaker-runtime")
    return [
        signed_invocation(
            runtime,
            EndpointName=endpoint,
            ContentType=_JSON,
            Accept=_JSON,
            Body=json.dumps({"instances": [sample.row]}).encode(),
        )
        for sample in samples
    ]


def _prediction(answer: bytes) -> int:
    return int(json.loads(answer)["predictions"][0])


def _settled(sagemaker: Any, name: str) -> dict[str, Any] | None:
    described: dict[str, Any] = sagemaker.describe_endpoint(EndpointName=name)
    return None if described["EndpointStatus"] == "Creating" else described
