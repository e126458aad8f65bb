"""What the variables of SageMaker's model servers change about an endpoint."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from tests.support.endpoints import classifier, deploy, model_archive

from argosy.testing import Platform

SCRIPT = """
import logging, os, time
import joblib

def model_fn(model_dir):
    logging.getLogger("inference").info("the model is read")
    logging.getLogger("inference").debug("from %s", model_dir)
    return joblib.load(model_dir + "/model.joblib")

def transform_fn(model, body, content_type, accept):
    time.sleep(float(body))
    return str(os.getpid())
"""


def called(platform: Platform, name: str, seconds: float) -> str:
    answer = platform.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name, ContentType="text/csv", Body=str(seconds).encode()
    )
    return str(answer["Body"].read().decode())


def test_workers_answer_at_the_same_time_and_a_timeout_ends_what_takes_longer(
    platform: Platform,
) -> None:
    environment = {"SAGEMAKER_MODEL_SERVER_WORKERS": "2", "SAGEMAKER_MODEL_SERVER_TIMEOUT": "8"}
    content = model_archive(classifier(), inference=SCRIPT)
    deploy(platform, "served", content, SAGEMAKER_PROGRAM="inference.py", **environment)

    with ThreadPoolExecutor(4) as pool:
        pids = list(pool.map(lambda _: called(platform, "served", 0.3), range(4)))
        assert len(set(pids)) == 2

        began = time.monotonic()
        slow = pool.submit(called, platform, "served", 3600)
        with pytest.raises(ClientError, match="timed out"):
            slow.result()
    assert 8 <= time.monotonic() - began < 50


def test_what_a_script_logs_is_in_the_endpoints_log_from_the_level_on_that_was_asked_for(
    platform: Platform,
) -> None:
    content = model_archive(classifier(), inference=SCRIPT)
    deploy(platform, "telling", content, SAGEMAKER_CONTAINER_LOG_LEVEL="20")

    events = platform.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/Endpoints/telling"
    )["events"]

    lines = [event["message"] for event in events]
    assert any("the model is read" in line for line in lines)
    assert not any("/opt/ml/model" in line for line in lines)
