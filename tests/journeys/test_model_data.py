"""Model data that nobody packed: one object, or objects below a prefix."""

import io
from typing import Any

import joblib
import pytest
from tests.support.endpoints import BUCKET, IMAGE, ROWS, classifier, create_config, predict, settled

from argosy.testing import Platform

MODEL = classifier()
SCRIPT = b"""
import joblib
def model_fn(folder):
    return joblib.load(folder + "/weights/iris.joblib")
def predict_fn(rows, model):
    return model.predict(rows) * 10
"""


def dumped() -> bytes:
    packed = io.BytesIO()
    joblib.dump(MODEL, packed)
    return packed.getvalue()


def serve(platform: Platform, name: str, kind: str, uri: str) -> dict[str, Any]:
    source = {"S3Uri": uri, "S3DataType": kind, "CompressionType": "None"}
    sagemaker = platform.client("sagemaker")
    sagemaker.create_model(
        ModelName=name,
        PrimaryContainer={"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}},
    )
    create_config(platform, name, AllTraffic=(name, 1, 1.0))
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return settled(platform, name)


@pytest.fixture(scope="module")
def bucket(platform: Platform) -> str:
    s3 = platform.client("s3")
    if BUCKET not in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="plain/one/model.joblib", Body=dumped())
    s3.put_object(Bucket=BUCKET, Key="plain/tree/weights/iris.joblib", Body=dumped())
    s3.put_object(Bucket=BUCKET, Key="plain/tree/code/inference.py", Body=SCRIPT)
    return BUCKET


def test_objects_below_a_prefix_are_served_as_they_lie(platform: Platform, bucket: str) -> None:
    described = serve(platform, "plain-tree", "S3Prefix", f"s3://{bucket}/plain/tree/")
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")

    predicted = predict(platform.client("sagemaker-runtime"), "plain-tree", ROWS)

    assert predicted == (MODEL.predict(ROWS) * 10).tolist()


def test_one_object_is_served_as_it_is(platform: Platform, bucket: str) -> None:
    described = serve(platform, "plain-one", "S3Object", f"s3://{bucket}/plain/one/model.joblib")
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")

    predicted = predict(platform.client("sagemaker-runtime"), "plain-one", ROWS)

    assert predicted == MODEL.predict(ROWS).tolist()


def test_an_empty_prefix_fails_the_endpoint_by_name(platform: Platform, bucket: str) -> None:
    described = serve(platform, "plain-none", "S3Prefix", f"s3://{bucket}/plain/none/")

    assert described["EndpointStatus"] == "Failed"
    assert f"There are no objects below s3://{bucket}/plain/none/" in described["FailureReason"]
