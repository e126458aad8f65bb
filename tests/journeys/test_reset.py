"""POST /_argosy/reset: what test suites rely on to begin with nothing."""

from collections.abc import Iterator

import pytest
from tests.support import lambda_functions, machines, training
from tests.support.endpoints import classifier, deploy, model_archive

from argosy.testing import Platform

# Service, list operation, the member that lists.
LISTS = (
    ("sagemaker", "list_models", "Models"),
    ("sagemaker", "list_endpoints", "Endpoints"),
    ("sagemaker", "list_training_jobs", "TrainingJobSummaries"),
    ("sagemaker", "list_notebook_instances", "NotebookInstances"),
    ("sagemaker", "list_model_package_groups", "ModelPackageGroupSummaryList"),
    ("lambda", "list_functions", "Functions"),
    ("apigateway", "get_rest_apis", "items"),
    ("sqs", "list_queues", "QueueUrls"),
    ("sns", "list_topics", "Topics"),
    ("logs", "describe_log_groups", "logGroups"),
    ("ec2", "describe_instances", "Reservations"),
    ("s3", "list_buckets", "Buckets"),
)


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform(allow_reset=True) as running:
        yield running


def fill(platform: Platform) -> None:
    """Something of each kind, much of it running."""
    deploy(platform, "here", model_archive(classifier()))
    machines.create(platform, "bench", OnStart="nohup sleep 600 &")
    training.begin(platform, "long", "import time; print('on', flush=True); time.sleep(600)")
    training.says(platform, "long", "on")
    functions = platform.client("lambda")
    lambda_functions.create(functions, "hello", "def handler(event, context): return 1")
    assert lambda_functions.invoke(functions, "hello") == 1
    platform.client("apigateway").create_rest_api(name="front")
    platform.client("sqs").create_queue(QueueName="work")
    platform.client("sns").create_topic(Name="news")
    platform.client("sagemaker").create_model_package_group(ModelPackageGroupName="flowers")


def listed(platform: Platform) -> dict[str, int]:
    return {
        operation: len(getattr(platform.client(service), operation)().get(member, []))
        for service, operation, member in LISTS
    }


def test_a_reset_removes_everything_and_the_platform_works_again(platform: Platform) -> None:
    platform.reset()
    fill(platform)
    assert listed(platform)["list_functions"] == 1
    platform.reset()
    assert listed(platform) == dict.fromkeys(listed(platform), 0)
    assert platform.status()["instances"] == 0
    fill(platform)
