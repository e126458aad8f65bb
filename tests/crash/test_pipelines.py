"""kill -9 of control while pipelines and tuning jobs are carried out: each goes on where it was."""

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.support.endpoints import archive, until
from tests.support.training import BUCKET, put
from tests.support.training_jobs import IMAGE, ROLE

from argosy.testing import Platform

pytestmark = pytest.mark.timeout(600)

PATIENCE_S = 180
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
LAST = 3


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with Platform() as running:
        yield running


def kill_control(platform: Platform) -> None:
    """Returns when the next one answers."""
    pid = platform.pids()["control"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: _answers(platform) and platform.pids()["control"] not in (0, pid), PATIENCE_S)


def _answers(platform: Platform) -> bool:
    try:
        platform.client("sagemaker").list_models(MaxResults=1)
    except (BotoCoreError, ClientError):
        return False
    return True


def work(number: int) -> dict[str, Any]:
    """A processing step of half a second, after the one before it."""
    arguments = {
        "AppSpecification": {"ImageUri": "sklearn", "ContainerEntrypoint": ["sleep", "0.5"]},
        "ProcessingResources": {"ClusterConfig": CLUSTER},
        "RoleArn": ROLE,
    }
    before = {"DependsOn": [f"work{number - 1}"]} if number > 1 else {}
    return {"Name": f"work{number}", "Type": "Processing", "Arguments": arguments, **before}


def test_an_execution_goes_on_where_it_was_and_does_nothing_twice(platform: Platform) -> None:
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz"}
    specification = {"Containers": [container], "SupportedContentTypes": ["text/csv"]}
    arguments = {"ModelPackageGroupName": "crash", "InferenceSpecification": specification}
    keep = {
        "Name": "keep",
        "Type": "RegisterModel",
        "Arguments": arguments,
        "DependsOn": [f"work{LAST}"],
    }
    steps = [*(work(number) for number in range(1, LAST + 1)), keep]
    text = json.dumps({"Version": "2020-12-01", "Steps": steps})
    sagemaker = platform.client("sagemaker")
    put(platform, "definition.json", text.encode())
    place = {"Bucket": BUCKET, "ObjectKey": "definition.json"}
    sagemaker.create_pipeline(
        PipelineName="crash", PipelineDefinitionS3Location=place, RoleArn=ROLE
    )
    arn = sagemaker.start_pipeline_execution(PipelineName="crash")["PipelineExecutionArn"]

    def begun(number: int) -> bool:
        listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)
        return len(listed["PipelineExecutionSteps"]) >= number

    for number in range(1, LAST + 1):
        until(lambda number=number: begun(number), PATIENCE_S)
        kill_control(platform)

    def status() -> str:
        shown = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        found = str(shown["PipelineExecutionStatus"])
        return "" if found == "Executing" else found

    assert until(status, PATIENCE_S) == "Succeeded"
    jobs = sagemaker.list_processing_jobs(NameContains="pipelines")["ProcessingJobSummaries"]
    packages = sagemaker.list_model_packages(ModelPackageGroupName="crash")
    assert len(jobs) == LAST
    assert len(packages["ModelPackageSummaryList"]) == 1


def test_a_tuning_job_loses_no_trial_and_trains_none_twice(platform: Platform) -> None:
    script = b"import sys\nprint('score=%s;' % sys.argv[sys.argv.index('--rate') + 1])\n"
    source = put(platform, "tuned/sourcedir.tar.gz", archive({"train.py": script}))
    given = {"sagemaker_program": "train.py", "sagemaker_submit_directory": source}
    ranges = {"ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1"}]}
    sagemaker = platform.client("sagemaker")
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="crash",
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": LAST, "MaxParallelTrainingJobs": 1},
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "score"},
            "ParameterRanges": ranges,
        },
        TrainingJobDefinition={
            "StaticHyperParameters": {k: json.dumps(v) for k, v in given.items()},
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "score", "Regex": "score=([0-9.e-]+);"}],
            },
            "RoleArn": ROLE,
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
            "ResourceConfig": CLUSTER,
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        },
    )

    def trials() -> list[dict[str, Any]]:
        listed = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName="crash"
        )
        return list(listed["TrainingJobSummaries"])

    for number in range(1, LAST + 1):
        until(lambda number=number: len(trials()) >= number, PATIENCE_S)
        kill_control(platform)

    def shown() -> dict[str, Any] | None:
        found = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="crash")
        return None if found["HyperParameterTuningJobStatus"] == "InProgress" else dict(found)

    ended = until(shown, PATIENCE_S)
    jobs = sagemaker.list_training_jobs(NameContains="crash-")["TrainingJobSummaries"]
    chosen = [float(one["TunedHyperParameters"]["rate"]) for one in trials()]
    became = [(one["TrainingJobStatus"], one.get("FailureReason")) for one in trials()]
    final = ended["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    assert ended["HyperParameterTuningJobStatus"] == "Completed"
    assert len(jobs) == LAST
    assert became == [("Completed", None)] * LAST
    assert final["Value"] == pytest.approx(max(chosen), rel=1e-6)
