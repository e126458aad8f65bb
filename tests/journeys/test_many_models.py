"""Multi-model endpoints of a whole platform, through boto3."""

import concurrent.futures
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from tests.support import python_image
from tests.support.command import argosy
from tests.support.endpoints import (
    IMAGE,
    ROWS,
    archive,
    classifier,
    create_config,
    deploy,
    model_archive,
    put_archive,
    settled,
    until,
)
from tests.support.many_models import (
    BUCKET,
    call,
    container,
    counts,
    failure,
    log_of,
    put_model,
    serve,
)
from tests.support.oci_images import layer
from tests.support.registry import RegistryClient

from argosy.agent.sandbox import probe
from argosy.testing import Platform

NAME = "many-models"
MANY = Path(__file__).parents[1] / "support" / "many_programs"
"""A container of many models."""
MILD, STRONG = classifier(0.01), classifier(100.0)
ALL = {"mild.tar.gz": MILD, "team/strong.tar.gz": STRONG}
RAISES = """
def model_fn(folder): raise RuntimeError("this one is no good")
"""
ANSWERS_BADLY = """
def model_fn(folder): return 1
def predict_fn(rows, model): raise ValueError("never on a Saturday")
"""


@pytest.fixture(scope="module")
def endpoint(platform: Platform) -> Iterator[str]:
    """Two instances over one prefix; ModelDataUrl without a slash at its end."""
    for name, model in ALL.items():
        put_model(platform, name, model_archive(model), NAME)
    serve(platform, NAME, count=2, slash="")
    yield NAME
    platform.client("sagemaker").delete_endpoint(EndpointName=NAME)


def test_target_model_chooses_the_model(platform: Platform, endpoint: str) -> None:
    runtime = platform.client("sagemaker-runtime")

    for name, model in [*ALL.items()] * 3:
        assert call(runtime, endpoint, name, ROWS) == model.predict(ROWS).tolist()


def test_an_object_put_below_the_prefix_is_callable_at_once(
    platform: Platform, endpoint: str
) -> None:
    runtime = platform.client("sagemaker-runtime")
    put_model(platform, "late.tar.gz", model_archive(MILD), NAME)

    assert call(runtime, endpoint, "late.tar.gz") == MILD.predict(ROWS[:5]).tolist()


def test_a_call_that_cannot_name_a_model_is_told_so(platform: Platform, endpoint: str) -> None:
    """InvokeEndpointWithResponseStream has no TargetModel in boto3."""
    with pytest.raises(ClientError, match="name one by TargetModel"):
        platform.client("sagemaker-runtime").invoke_endpoint_with_response_stream(
            EndpointName=endpoint, Body=b"[[1,2,3,4]]", ContentType="application/json"
        )


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        (None, "ValidationError", "name one by TargetModel"),
        ("../many-models/mild.tar.gz", "ValidationError", "without '..'"),
        ("team/../mild.tar.gz", "ValidationError", "without '..'"),
        ("absent.tar.gz", "ValidationError", f"Failed to download model data(bucket: {BUCKET}, "),
        ("text.tar.gz", "ValidationError", "Failed to extract the model data archive"),
        ("raises.tar.gz", "ModelError", "this one is no good"),
        ("badly.tar.gz", "ModelError", "never on a Saturday"),
    ],
)
def test_what_is_wrong_with_one_model_is_that_models_affair(
    platform: Platform, endpoint: str, target: str | None, code: str, words: str
) -> None:
    put_model(platform, "text.tar.gz", b"not an archive", NAME)
    put_model(platform, "raises.tar.gz", archive({"code/inference.py": RAISES.encode()}), NAME)
    badly = archive({"code/inference.py": ANSWERS_BADLY.encode()})
    put_model(platform, "badly.tar.gz", badly, NAME)
    runtime = platform.client("sagemaker-runtime")
    error = failure(runtime, endpoint, **({"TargetModel": target} if target else {}))

    assert error["Code"] == code
    assert words in error["Message"]
    if code == "ModelError":
        assert error["OriginalStatusCode"] == 500
        assert words in error["OriginalMessage"]
        assert error["LogStreamArn"]
    assert call(runtime, endpoint, "mild.tar.gz") == MILD.predict(ROWS[:5]).tolist()


def test_target_model_is_refused_where_there_is_one_model(platform: Platform) -> None:
    deploy(platform, "only-one", model_archive(MILD))
    error = failure(platform.client("sagemaker-runtime"), "only-one", TargetModel="mild.tar.gz")

    assert error["Code"] == "ValidationError"
    assert "not a multi-model endpoint" in error["Message"]
    platform.client("sagemaker").delete_endpoint(EndpointName="only-one")


def test_many_first_calls_load_a_model_once_and_are_counted(
    platform: Platform, endpoint: str
) -> None:
    put_model(platform, "crowd.tar.gz", model_archive(STRONG), NAME)
    runtime = platform.client("sagemaker-runtime")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: call(runtime, endpoint, "crowd.tar.gz"), range(16)))

    assert answers == [STRONG.predict(ROWS[:5]).tolist()] * 16
    assert len(until(lambda: log_of(platform, endpoint, "loaded model crowd.tar.gz"))) == 1
    until(lambda: counts(platform, endpoint).get("loaded", 0) >= 1)
    until(lambda: counts(platform, endpoint).get("misses", 0) >= 1)
    until(lambda: counts(platform, endpoint).get("loading", {}).get("count", 0) >= 1)


def test_a_pipeline_may_end_in_one_of_many_models(platform: Platform) -> None:
    doubles = "def model_fn(f): return 1\ndef predict_fn(rows, model): return rows * 2\n"
    for name, model in ALL.items():
        put_model(platform, name, model_archive(model), "piped")
    sagemaker = platform.client("sagemaker")
    first = {
        "Image": IMAGE,
        "ModelDataUrl": put_archive(
            platform, "doubles", archive({"code/inference.py": doubles.encode()})
        ),
    }
    sagemaker.create_model(ModelName="piped", Containers=[first, container("piped")])
    create_config(platform, "piped", AllTraffic=("piped", 1, 1.0))
    sagemaker.create_endpoint(EndpointName="piped", EndpointConfigName="piped")
    described = settled(platform, "piped")
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    runtime = platform.client("sagemaker-runtime")

    for name, model in ALL.items():
        assert call(runtime, "piped", name, ROWS) == model.predict(ROWS * 2).tolist()
    assert failure(runtime, "piped", TargetModel="absent.tar.gz")["Code"] == "ValidationError"
    sagemaker.delete_endpoint(EndpointName="piped")


@pytest.mark.skipif(bool(probe()), reason="no sandbox")
def test_a_container_of_ones_own_may_serve_many_models(platform: Platform) -> None:
    added = argosy(platform.environment(), "image", "add", "numbers", str(MANY), "--json")
    assert added.code == 0, added.err
    for number in range(3):
        put_model(platform, f"{number}.tar.gz", archive({"number": b"%d" % number}), "numbers")
    serve(platform, "numbers", Image="numbers", Environment={"ROOM": "2"})
    runtime = platform.client("sagemaker-runtime")

    for number in [0, 1, 2, 0]:
        answer = runtime.invoke_endpoint(
            EndpointName="numbers", TargetModel=f"{number}.tar.gz", Body=b"number"
        )
        assert answer["Body"].read() == b"%d" % number
    platform.client("sagemaker").delete_endpoint(EndpointName="numbers")


@pytest.mark.skipif(bool(probe()), reason="no sandbox")
def test_an_image_that_was_pushed_may_serve_many_models(platform: Platform) -> None:
    base = python_image.image()
    program = layer({"app/main.py": (MANY / "serve").read_bytes()})
    image = replace(base, layers=(*base.layers, program))
    registry = RegistryClient(platform, "team/many")
    registry.push(image, "1")
    registry.close()
    for number in range(2):
        put_model(platform, f"{number}.tar.gz", archive({"number": b"%d" % number}), "pushed-many")
    serve(platform, "pushed-many", Image=f"{registry.host}/team/many:1", Environment={"ROOM": "1"})
    runtime = platform.client("sagemaker-runtime")

    for number in [0, 1, 0]:
        answer = runtime.invoke_endpoint(
            EndpointName="pushed-many", TargetModel=f"{number}.tar.gz", Body=b"number"
        )
        assert answer["Body"].read() == b"%d" % number
    platform.client("sagemaker").delete_endpoint(EndpointName="pushed-many")
