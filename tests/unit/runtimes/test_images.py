"""Image names to runtimes."""

import pytest

from argosy.runtimes.images import known_images, runtime_for
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
    "image",
    ["", f"{ECR}/sagemaker-xgboost:1.7-1", f"{ECR}/me/sklearn:1", "my-sagemaker-scikit-learn", ":"],
)
def test_other_images_are_nobodys(image: str) -> None:
    assert runtime_for(image) is None


def test_what_can_be_served_is_said_and_every_runtime_exists() -> None:
    assert "sagemaker-scikit-learn" in " ".join(known_images())
    assert runtime_for("sklearn") in MODULES
