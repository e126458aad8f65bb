"""Models and archives that misbehave: each gets a plain reason, and the platform stays well."""

import io
import pickle
import tarfile
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from argosy.testing import Platform
from tests.support.endpoints import (
    ROWS,
    archive,
    attempt,
    classifier,
    deploy,
    in_service,
    model_archive,
    predict,
    until,
)

MODEL = classifier()


@pytest.fixture(scope="module")
def strict() -> Iterator[Platform]:
    """A platform with little patience and little memory for its models."""
    with Platform(model_timeout_s=2, instance_memory_mb=700, allow_reset=True) as platform:
        yield platform


class Exits:
    """A pickle that ends the process which loads it."""

    def __reduce__(self):
        import os

        return os._exit, (3,)


def escaping() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../escaped"), io.BytesIO(b""))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("escaping", escaping(), "../"),
        ("truncated", model_archive(MODEL)[:300], "archive"),
        ("no-gzip", b"this is no archive", "archive"),
        ("nothing", archive({"readme.txt": b"no model here"}), "model"),
        ("exits", archive({"model.pkl": pickle.dumps(Exits())}), "exit"),
        ("syntax", model_archive(MODEL, inference="def model_fn(:"), "SyntaxError"),
        ("import", model_archive(MODEL, inference="import not_there"), "not_there"),
    ],
    ids=["escaping", "truncated", "no-gzip", "nothing", "exits", "syntax", "import"],
)
def test_a_model_that_cannot_come_up_fails_its_endpoint_with_the_cause(
    strict: Platform, name: str, content: bytes, said: str
) -> None:
    described = attempt(strict, name, content)

    assert described["EndpointStatus"] == "Failed"
    assert said.lower() in described["FailureReason"].lower()
    assert in_service(strict, name) == []


def test_a_missing_artifact_is_named(strict: Platform) -> None:
    from tests.support.endpoints import IMAGE, create_config, settled

    sagemaker = strict.client("sagemaker")
    sagemaker.create_model(
        ModelName="absent",
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": "s3://nowhere/model.tar.gz"},
    )
    create_config(strict, "absent", AllTraffic=("absent", 1, 1.0))
    sagemaker.create_endpoint(EndpointName="absent", EndpointConfigName="absent")
    described = settled(strict, "absent")

    assert described["EndpointStatus"] == "Failed"
    assert "s3://nowhere/model.tar.gz" in described["FailureReason"]


def test_a_model_that_sleeps_for_ever_times_out_and_is_replaced(strict: Platform) -> None:
    script = (
        "import time\n"
        "def model_fn(folder): return 1\n"
        "def input_fn(body, kind): return body\n"
        "def predict_fn(body, model):\n"
        "    while 'sleep' in body: time.sleep(1)\n"
        "    return [1.0]\n"
    )
    deploy(strict, "sleepy", model_archive(MODEL, inference=script))
    runtime = strict.client("sagemaker-runtime", retries={"max_attempts": 0})

    with pytest.raises(ClientError, match="timed out") as timed_out:
        runtime.invoke_endpoint(EndpointName="sleepy", ContentType="text/csv", Body="sleep")

    def awake() -> bool:
        try:
            body = runtime.invoke_endpoint(EndpointName="sleepy", ContentType="text/csv", Body="1")[
                "Body"
            ]
            return body.read() == b"[1.0]"
        except ClientError:
            return False

    assert timed_out.value.response["OriginalStatusCode"] == 0
    assert until(awake, 30)


def test_a_model_that_eats_memory_hurts_only_itself(strict: Platform) -> None:
    script = (
        "def model_fn(folder): return 1\n"
        "def input_fn(body, kind): return body\n"
        "def predict_fn(body, model): return [float(len(bytearray(2 << 30)))]\n"
    )
    deploy(strict, "hungry", model_archive(MODEL, inference=script))
    deploy(strict, "modest", model_archive(MODEL))
    runtime = strict.client("sagemaker-runtime", retries={"max_attempts": 0})

    with pytest.raises(ClientError, match="ModelError"):
        runtime.invoke_endpoint(EndpointName="hungry", ContentType="text/csv", Body="1")

    assert predict(runtime, "modest", ROWS) == MODEL.predict(ROWS).tolist()


def test_a_sandboxed_model_cannot_read_the_platforms_key(strict: Platform) -> None:
    script = (
        "import os\n"
        "def model_fn(folder): return 1\n"
        "def input_fn(body, kind): return body\n"
        "def predict_fn(body, model):\n"
        "    return [float(os.path.exists(body))]\n"
    )
    deploy(strict, "curious", model_archive(MODEL, inference=script))
    runtime = strict.client("sagemaker-runtime")
    path = str(strict.data_dir / "credentials.json")

    answer = runtime.invoke_endpoint(EndpointName="curious", ContentType="text/csv", Body=path)

    assert answer["Body"].read() == b"[0.0]"
