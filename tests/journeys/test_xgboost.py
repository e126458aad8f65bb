"""A model as Amazon's XGBoost container trains it, deployed under that container's name."""

import io
import warnings
from typing import Any

import numpy as np
import pytest
import xgboost
from botocore.exceptions import ClientError
from sklearn.datasets import dump_svmlight_file
from tests.support.endpoints import ROWS, archive, create_config, put_archive, settled, until

from argosy.testing import Platform

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
MODEL = xgboost.train(
    {"max_depth": 3, "nthread": 1}, xgboost.DMatrix(ROWS, label=ROWS[:, 0] * ROWS[:, 3]), 8
)
EXPECTED = MODEL.predict(xgboost.DMatrix(ROWS))


def old_form() -> bytes:
    """As the containers of 1.3 to 1.7 saved models."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the form is old
        return bytes(MODEL.save_raw("deprecated"))


def create(platform: Platform, name: str, content: bytes) -> dict[str, Any]:
    sagemaker = platform.client("sagemaker")
    url = put_archive(platform, name, archive({"xgboost-model": content}))
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn="arn:aws:iam::000000000000:role/models",
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": url},
    )
    create_config(platform, name, AllTraffic=(name, 1, 1.0))
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return settled(platform, name, 120)


@pytest.fixture(scope="module")
def endpoint(platform: Platform) -> str:
    described = create(platform, "boosted", old_form())
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    return "boosted"


def as_csv() -> bytes:
    return "\n".join(",".join(map(repr, row)) for row in ROWS.tolist()).encode()


def as_libsvm() -> bytes:
    stream = io.BytesIO()
    dump_svmlight_file(ROWS, np.zeros(len(ROWS)), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content_type", "body"), [("text/csv", as_csv()), ("text/libsvm", as_libsvm())]
)
def test_predictions_equal_those_of_the_local_model(
    platform: Platform, endpoint: str, content_type: str, body: bytes
) -> None:
    answer = platform.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, ContentType=content_type, Body=body
    )
    assert answer["ContentType"] == "text/csv"
    values = np.array(answer["Body"].read().split(), np.float32)
    assert np.array_equal(values, EXPECTED)


def test_a_body_that_is_no_csv_has_the_containers_status(platform: Platform, endpoint: str) -> None:
    with pytest.raises(ClientError, match="could not convert") as caught:
        platform.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=endpoint, ContentType="text/csv", Body=b"a,b,c,d"
        )
    assert caught.value.response["OriginalStatusCode"] == 415


def test_the_log_names_the_version_that_is_here(platform: Platform, endpoint: str) -> None:
    logs = platform.client("logs")
    group = f"/aws/sagemaker/Endpoints/{endpoint}"

    def lines() -> list[str]:
        events = logs.filter_log_events(logGroupName=group)["events"]
        return [event["message"] for event in events if "asks for XGBoost 1.7" in event["message"]]

    assert len(until(lines)) == 1


def test_a_model_that_does_not_load_fails_with_both_versions(platform: Platform) -> None:
    described = create(platform, "broken-boost", b'{"learner":{},"version":[2,1,0]}')
    assert described["EndpointStatus"] == "Failed"
    assert "xgboost-model could not be read as a model" in described["FailureReason"]
    assert "written by XGBoost 2.1.0" in described["FailureReason"]
    assert "asks for XGBoost 1.7" in described["FailureReason"]
