"""Real models behind real endpoints, for tests that need one: train, pack, deploy, call, wait."""

import io
import itertools
import json
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import joblib
import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from urllib3.exceptions import HTTPError

from argosy.testing import PlatformFailed

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
BUCKET = "models"
IN_PROGRESS = ("Creating", "Updating", "RollingBack", "Deleting")
ROWS = load_iris().data


def classifier(strength: float = 1.0) -> LogisticRegression:
    """A logistic regression on iris; another strength gives another model."""
    return LogisticRegression(C=strength, max_iter=1000).fit(ROWS, load_iris().target)


def archive(files: dict[str, bytes]) -> bytes:
    """A model.tar.gz with these members."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def files_of(packed: bytes) -> dict[str, bytes]:
    """The files of an archive, by their names in it."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {
            member.name.removeprefix("./"): file.read()
            for member in tar
            if (file := tar.extractfile(member)) is not None
        }


def model_archive(model: Any, **scripts: str) -> bytes:
    """An archive with the model as model.joblib and scripts as code/NAME.py."""
    dumped = io.BytesIO()
    joblib.dump(model, dumped)
    code = {f"code/{name}.py": text.encode() for name, text in scripts.items()}
    return archive({"model.joblib": dumped.getvalue(), **code})


def put_archive(platform: Any, name: str, content: bytes) -> str:
    """Upload an archive; returns its S3 URI."""
    s3 = platform.client("s3")
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=f"{name}/model.tar.gz", Body=content)
    return f"s3://{BUCKET}/{name}/model.tar.gz"


def create_model(platform: Any, name: str, content: bytes, **environment: str) -> None:
    platform.client("sagemaker").create_model(
        ModelName=name,
        PrimaryContainer={
            "Image": IMAGE,
            "ModelDataUrl": put_archive(platform, name, content),
            "Environment": environment,
        },
    )


def create_config(platform: Any, name: str, **variants: tuple[str, int, float]) -> None:
    """A config from variant name → (model name, instances, weight)."""
    platform.client("sagemaker").create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": variant,
                "ModelName": model,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": count,
                "InitialVariantWeight": weight,
            }
            for variant, (model, count, weight) in variants.items()
        ],
    )


def deploy(
    platform: Any, name: str, content: bytes, *, instances: int = 1, **environment: str
) -> dict[str, Any]:
    """Model, config and endpoint of one name, in service; returns DescribeEndpoint."""
    described = attempt(platform, name, content, instances=instances, **environment)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    return described


def attempt(
    platform: Any, name: str, content: bytes, *, instances: int = 1, **environment: str
) -> dict[str, Any]:
    """The same, for a model that may not come up."""
    create_model(platform, name, content, **environment)
    create_config(platform, name, AllTraffic=(name, instances, 1.0))
    platform.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=name)
    return settled(platform, name)


def settled(platform: Any, name: str, timeout_s: float = 120.0) -> dict[str, Any]:
    """DescribeEndpoint once the endpoint is in no transition any more."""
    sagemaker = platform.client("sagemaker")

    def described() -> dict[str, Any] | None:
        found = sagemaker.describe_endpoint(EndpointName=name)
        return None if found["EndpointStatus"] in IN_PROGRESS else found

    return until(described, timeout_s)


def until(probe: Callable[[], Any], timeout_s: float = 60.0) -> Any:
    """The first true answer of `probe`, asked every 50 ms; raises TimeoutError.

    Asking more often takes the processor from what is waited for.
    """
    tick = threading.Event()
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if answer := probe():
            return answer
        tick.wait(0.05)
    raise TimeoutError(f"not within {timeout_s} s: {probe}")


def answers(platform: Any) -> bool:
    """Whether control is there and has its edges; for after it was killed."""
    try:
        return bool(platform.status()["edges"])
    except (PlatformFailed, HTTPError):
        return False


def predict(runtime: Any, endpoint: str, rows: Any, **options: Any) -> list[Any]:
    """Predictions of an endpoint for rows, as JSON."""
    answer = runtime.invoke_endpoint(
        EndpointName=endpoint,
        ContentType="application/json",
        Body=json.dumps(np.asarray(rows).tolist()),
        **options,
    )
    return list(json.loads(answer["Body"].read()))


PAUSE_S = 0.01
"""Between a client's calls, so that what is called has the processor too."""


class Load:
    """Clients that call an endpoint again and again and compare with the local model."""

    def __init__(self, platform: Any, endpoint: str, models: list[Any], component: str) -> None:
        self._platform = platform
        self._endpoint = endpoint
        self._target = {"InferenceComponentName": component} if component else {}
        self._expected = [model.predict(ROWS).tolist() for model in models]
        self._stop = threading.Event()
        self.calls = 0
        self.failures: list[str] = []

    def run(self) -> None:
        runtime = self._platform.client("sagemaker-runtime")
        for number in itertools.count():
            if self._stop.is_set():
                return
            self._call(runtime, number % len(ROWS))
            self._stop.wait(PAUSE_S)

    def _call(self, runtime: Any, row: int) -> None:
        try:
            got = predict(runtime, self._endpoint, ROWS[row : row + 1], **self._target)
        except Exception as error:
            self.failures.append(repr(error))
        else:
            if got not in [expected[row : row + 1] for expected in self._expected]:
                self.failures.append(f"row {row}: {got}")
        self.calls += 1

    def more(self, calls: int = 100) -> None:
        """Return when that many further calls have been answered."""
        goal = self.calls + calls
        until(lambda: self.calls >= goal, 60)

    def end(self) -> None:
        self._stop.set()


@contextmanager
def load(
    platform: Any, endpoint: str, *models: Any, clients: int = 4, component: str = ""
) -> Iterator[Load]:
    """Real clients calling all the while; the caller looks at `failures` afterwards."""
    running = Load(platform, endpoint, list(models), component)
    threads = [threading.Thread(target=running.run, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        running.more(20)
        yield running
    finally:
        running.end()
        for thread in threads:
            thread.join(70)


def fleet(platform: Any, endpoint: str) -> list[dict[str, Any]]:
    """The endpoint's instances as `argosy status` shows them."""
    return [
        instance
        for found in platform.status()["endpoints"]
        if found["name"] == endpoint
        for variant in found["variants"]
        for instance in variant["fleet"]
    ]


def in_service(platform: Any, endpoint: str) -> list[dict[str, Any]]:
    return [i for i in fleet(platform, endpoint) if i["phase"] == "InService"]
