"""Image names to runtimes."""

import pytest

from argosy.runtimes.images import known_images, runtime_for, version_of, why_not
from argosy.runtimes.table import MODULES

ECR = "683313688378.dkr.ecr.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    "image",
    [
        f"{ECR}/sagemaker-scikit-learn:1.2-1-cpu-py3",
        "662702820516.dkr.ecr.eu-north-1.amazonaws.com/sagemaker-scikit-learn:0.23-1-cpu-py3",
        "localhost:5000/mirror/sagemaker-scikit-learn",
        f"{ECR}/sagemaker-scikit-learn@sha256:{'0' * 64}",
        "sagemaker-scikit-learn",
        "sklearn",
        "sklearn:1.9",
        "argosy/sklearn:latest",
        " sklearn ",
    ],
)
def test_scikit_learn_images_of_any_account_and_region_are_served(image: str) -> None:
    assert runtime_for(image) == "sklearn"


@pytest.mark.parametrize(
    ("image", "runtime"),
    [
        (f"{ECR}/sagemaker-xgboost:1.7-1", "xgboost"),
        (f"{ECR}/xgboost:latest", "xgboost"),
        (f"{ECR}/pytorch-inference:2.1.0-cpu-py310", "pytorch"),
        (f"{ECR}/tensorflow-inference:2.16-gpu", "tensorflow"),
        (f"{ECR}/huggingface-pytorch-inference:2.1.0-transformers4.37.0-cpu-py310", "huggingface"),
        (f"{ECR}/mlflow-pyfunc:3.17.2", "mlflow"),
        ("lightgbm", "lightgbm"),
        ("argosy/onnx:1", "onnx"),
    ],
)
def test_images_of_other_frameworks_have_their_runtimes(image: str, runtime: str) -> None:
    assert runtime_for(image) == runtime
    assert runtime in MODULES


@pytest.mark.parametrize("image", ["", f"{ECR}/me/sklearn:1", "my-sagemaker-scikit-learn", ":"])
def test_other_images_are_nobodys(image: str) -> None:
    assert runtime_for(image) is None
    assert why_not(image) == ""


@pytest.mark.parametrize(
    ("image", "word"),
    [
        (f"{ECR}/mxnet-inference:1.9.0-cpu-py38", "retired"),
        (f"{ECR}/sagemaker-sparkml-serving:3.3", "JVM"),
        (f"{ECR}/linear-learner:1", "closed"),
    ],
)
def test_images_that_cannot_be_served_say_why(image: str, word: str) -> None:
    assert runtime_for(image) is None
    assert word in why_not(image)


@pytest.mark.parametrize(
    ("image", "version"),
    [
        (f"{ECR}/sagemaker-scikit-learn:1.2-1-cpu-py3", "1.2"),
        (f"{ECR}/pytorch-inference:2.1.0-cpu-py310", "2.1.0"),
        ("localhost:5000/x/xgboost", ""),
        (f"{ECR}/xgboost:latest", ""),
        ("sklearn:1.9", "1.9"),
    ],
)
def test_a_tag_begins_with_the_frameworks_version(image: str, version: str) -> None:
    assert version_of(image) == version


def test_what_can_be_served_is_said_and_every_runtime_exists() -> None:
    assert "sagemaker-scikit-learn" in " ".join(known_images())
    assert runtime_for("sklearn") in MODULES
