"""Training jobs through boto3: what is taken, refused, shown, listed, stopped and deleted."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.clock import ManualClock
from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.state import job_statuses
from argosy.state import training_jobs as jobs
from argosy.state.events import EventOutbox
from argosy.state.records import Record
from tests.support.api_client import ApiServer
from tests.support.training_jobs import channel, request

ARN = "arn:aws:sagemaker:us-east-1:000000000000:training-job/"
Refused = Callable[..., str]


@pytest.fixture
def become(server: ApiServer) -> Callable[..., Record]:
    """Do to a job's record what control does."""

    def change(name: str, status: str, **members: Any) -> Record:
        record = server.records.get(jobs.TRAINING_JOB, DEFAULT_ACCOUNT, DEFAULT_REGION, name)
        assert record is not None
        document = {**record.document, **members}
        now = server.clock.now()
        return server.records.update(record, now=now, document=document, status=status)

    return change


def test_a_job_is_described_as_it_was_asked_for_with_what_is_filled_in(
    sagemaker: Any, clock: ManualClock
) -> None:
    asked = request("Job", HyperParameters={"depth": "3"}, Environment={"COLOUR": "red"})
    created = sagemaker.create_training_job(**asked)

    described = sagemaker.describe_training_job(TrainingJobName="Job")

    assert created["TrainingJobArn"] == described["TrainingJobArn"] == ARN + "job"
    assert described["TrainingJobStatus"] == "InProgress"
    assert described["SecondaryStatus"] == "Starting"
    assert described["CreationTime"].timestamp() == clock.now()
    assert described["OutputDataConfig"] == {
        "S3OutputPath": "s3://out/models/",
        "KmsKeyId": "",
        "CompressionType": "GZIP",
    }
    assert described["ModelArtifacts"] == {
        "S3ModelArtifacts": "s3://out/models/Job/output/model.tar.gz"
    }
    (source,) = described["InputDataConfig"]
    assert source["DataSource"]["S3DataSource"]["S3DataDistributionType"] == "FullyReplicated"
    (transition,) = described["SecondaryStatusTransitions"]
    assert transition["Status"] == "Starting"
    assert transition["StatusMessage"]
    for member in ("HyperParameters", "Environment", "RoleArn", "ResourceConfig"):
        assert described[member] == asked[member]
    assert "TrainingTimeInSeconds" not in described


def test_a_day_is_what_a_job_may_run_that_says_nothing(sagemaker: Any) -> None:
    sagemaker.create_training_job(**{**request(), "StoppingCondition": {}})
    described = sagemaker.describe_training_job(TrainingJobName="job")
    assert described["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}


def test_the_built_in_xgboost_has_metrics_of_its_own_unless_a_script_is_run(
    sagemaker: Any,
) -> None:
    image = {
        "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
    }
    sagemaker.create_training_job(**request("builtin", algorithm=image))
    script = {"sagemaker_program": "train.py"}
    sagemaker.create_training_job(**request("script", algorithm=image, HyperParameters=script))

    algorithms = [
        sagemaker.describe_training_job(TrainingJobName=name)["AlgorithmSpecification"]
        for name in ("builtin", "script")
    ]

    found = {one["Name"]: one["Regex"] for one in algorithms[0]["MetricDefinitions"]}
    match = re.search(found["validation:rmse"], "[7]\ttrain-rmse:0.5\tvalidation-rmse:0.25")
    assert match is not None
    assert match[1] == "0.25"
    assert "MetricDefinitions" not in algorithms[1]


def test_a_name_is_taken_whatever_its_case(sagemaker: Any, refused: Refused) -> None:
    sagemaker.create_training_job(**request("Job"))
    text = refused(sagemaker.create_training_job, "ResourceInUse", **request("job"))
    assert text.startswith("Training job names must be unique")
    assert ARN + "job" in text


def test_an_unknown_job_is_refused_in_the_services_own_words(
    sagemaker: Any, refused: Refused
) -> None:
    for call in (
        sagemaker.describe_training_job,
        sagemaker.stop_training_job,
        sagemaker.delete_training_job,
    ):
        assert refused(call, TrainingJobName="gone") == "Requested resource not found."


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"algorithm": {"TrainingImage": None}}, "TrainingImage"),
        ({"InputDataConfig": [channel(), channel()]}, "unique"),
        ({"InputDataConfig": [channel(InputMode="Pipe"), channel("train_0")]}, "'train_0' is that"),
        ({"InputDataConfig": [channel("..")]}, "the channel name '..'"),
        ({"InputDataConfig": [channel(uri="https://host/rows")]}, "S3Uri"),
        (
            {"InputDataConfig": [channel(source={"S3DataType": "ManifestFile"}, uri="s3://b")]},
            "key",
        ),
        (
            {"InputDataConfig": [channel(source={"S3DataType": "AugmentedManifestFile"})]},
            "AttributeNames",
        ),
        (
            {
                "InputDataConfig": [
                    channel(source={"S3DataType": "AugmentedManifestFile", "AttributeNames": ["x"]})
                ]
            },
            "Pipe",
        ),
        (
            {
                "InputDataConfig": [
                    channel(InputMode="FastFile", source={"S3DataType": "ManifestFile"})
                ]
            },
            "FastFile",
        ),
        ({"InputDataConfig": [channel(CompressionType="Gzip")]}, "CompressionType Gzip"),
        ({"InputDataConfig": [channel(RecordWrapperType="RecordIO")]}, "RecordWrapperType"),
        (
            {
                "InputDataConfig": [
                    channel(
                        source={
                            "InstanceGroupNames": ["g"],
                            "S3DataDistributionType": "ShardedByS3Key",
                        }
                    )
                ]
            },
            "some of the instance groups",
        ),
        ({"InputDataConfig": [channel(source={"InstanceGroupNames": ["g"]})]}, "instance group g"),
        ({"InputDataConfig": [{"ChannelName": "a", "DataSource": {}}]}, "S3DataSource"),
        ({"OutputDataConfig": {"S3OutputPath": "https://host/out"}}, "S3OutputPath"),
        ({"CheckpointConfig": {"S3Uri": "https://host/out"}}, "CheckpointConfig.S3Uri"),
        ({"CheckpointConfig": {"S3Uri": "s3://b/c", "LocalPath": "/etc"}}, "LocalPath"),
        ({"CheckpointConfig": {"S3Uri": "s3://b/c", "LocalPath": "/opt/ml/model"}}, "LocalPath"),
        ({"resources": {"InstanceCount": 0}}, "InstanceCount"),
        (
            {
                "resources": {
                    "InstanceGroups": [
                        {
                            "InstanceGroupName": "g",
                            "InstanceType": "ml.m5.large",
                            "InstanceCount": 1,
                        }
                    ]
                }
            },
            "not both",
        ),
        ({"EnableNetworkIsolation": True, "resources": {"InstanceCount": 2}}, "several"),
        ({"stop": {"MaxRuntimeInSeconds": 2419201}}, "2419200"),
        ({"EnableManagedSpotTraining": True}, "MaxWaitTimeInSeconds"),
        (
            {"EnableManagedSpotTraining": True, "stop": {"MaxWaitTimeInSeconds": 599}},
            "greater than or equal to MaxRuntimeInSeconds",
        ),
        ({"stop": {"MaxWaitTimeInSeconds": 700}}, "EnableManagedSpotTraining"),
        (
            {
                "EnableManagedSpotTraining": True,
                "stop": {"MaxWaitTimeInSeconds": 700},
                "resources": {"KeepAlivePeriodInSeconds": 60},
            },
            "KeepAlivePeriodInSeconds",
        ),
        (
            {"algorithm": {"MetricDefinitions": [{"Name": "loss", "Regex": "loss=("}]}},
            "MetricDefinitions[0].Regex: the regular expression 'loss=(' is wrong",
        ),
        (
            {
                "algorithm": {
                    "MetricDefinitions": [
                        {"Name": "loss", "Regex": "a"},
                        {"Name": "loss", "Regex": "b"},
                    ]
                }
            },
            "unique",
        ),
        ({"algorithm": {"TrainingImage": None, "AlgorithmName": "mine"}}, "Marketplace"),
        (
            {
                "DebugRuleConfigurations": [
                    {"RuleConfigurationName": "r", "RuleEvaluatorImage": "i"}
                ]
            },
            "Debugger",
        ),
        ({"ExperimentConfig": {"TrialName": "t"}}, "experiments"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "unique"),
    ],
)
def test_requests_that_cannot_be_met_are_refused(
    sagemaker: Any, refused: Refused, changes: dict[str, Any], told: str
) -> None:
    asked = request(**changes)
    algorithm = asked["AlgorithmSpecification"]
    asked["AlgorithmSpecification"] = {k: v for k, v in algorithm.items() if v is not None}

    assert told in refused(sagemaker.create_training_job, **asked)

    assert sagemaker.list_training_jobs()["TrainingJobSummaries"] == []


@pytest.mark.parametrize("member", ["AlgorithmSpecification", "ResourceConfig"])
def test_what_the_model_calls_optional_and_is_needed_here_is_asked_for(
    sagemaker: Any, refused: Refused, member: str
) -> None:
    asked = request()
    del asked[member]
    assert member in refused(sagemaker.create_training_job, **asked)


def test_more_instances_than_the_machine_runs_are_refused_at_once(
    sagemaker: Any, refused: Refused
) -> None:
    asked = request(resources={"InstanceCount": 9})
    text = refused(sagemaker.create_training_job, "ResourceLimitExceeded", **asked)
    assert "ARGOSY_JOB_INSTANCES" in text


def test_what_the_sdks_always_send_is_no_reason_to_refuse(sagemaker: Any) -> None:
    sagemaker.create_training_job(
        **request(
            DebugHookConfig={"S3OutputPath": "s3://out/", "CollectionConfigurations": []},
            ProfilerConfig={"S3OutputPath": "s3://out/", "DisableProfiler": False},
            ProfilerRuleConfigurations=[],
            VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        )
    )
    described = sagemaker.describe_training_job(TrainingJobName="job")
    assert described["ProfilingStatus"] == "Disabled"


def test_jobs_are_listed_by_status_and_name(
    sagemaker: Any, clock: ManualClock, become: Callable[..., Record]
) -> None:
    for name in ("one-a", "two", "one-b"):
        clock.advance(1)
        sagemaker.create_training_job(**request(name))
    become("one-a", job_statuses.COMPLETED)

    listed = sagemaker.list_training_jobs(NameContains="ONE", StatusEquals="InProgress")
    (found,) = listed["TrainingJobSummaries"]
    assert (found["TrainingJobName"], found["SecondaryStatus"]) == ("one-b", "Starting")

    newest = sagemaker.list_training_jobs(MaxResults=2)
    assert [one["TrainingJobName"] for one in newest["TrainingJobSummaries"]] == ["one-b", "two"]
    rest = sagemaker.list_training_jobs(MaxResults=2, NextToken=newest["NextToken"])
    assert [one["TrainingJobName"] for one in rest["TrainingJobSummaries"]] == ["one-a"]


def test_a_stopped_job_is_stopping_until_control_has_ended_it(
    sagemaker: Any, refused: Refused, become: Callable[..., Record]
) -> None:
    sagemaker.create_training_job(**request())
    for _ in range(2):
        sagemaker.stop_training_job(TrainingJobName="job")

    described = sagemaker.describe_training_job(TrainingJobName="job")
    assert described["TrainingJobStatus"] == described["SecondaryStatus"] == "Stopping"
    assert [one["Status"] for one in described["SecondaryStatusTransitions"]] == [
        "Starting",
        "Stopping",
    ]
    become("job", job_statuses.STOPPED)
    assert "Stopped" in refused(sagemaker.stop_training_job, TrainingJobName="job")


def test_a_finished_job_tells_its_times_metrics_and_why_it_failed(
    sagemaker: Any, become: Callable[..., Record], clock: ManualClock
) -> None:
    sagemaker.create_training_job(**request())
    now = clock.now()
    become(
        "job",
        job_statuses.FAILED,
        started=now,
        ended=now + 42.5,
        ran_s=42.5,
        failure_reason="AlgorithmError: it broke",
        metrics={"loss": {"name": "loss", "value": 0.25, "at": now}},
    )

    described = sagemaker.describe_training_job(TrainingJobName="job")

    assert described["FailureReason"] == "AlgorithmError: it broke"
    assert described["TrainingTimeInSeconds"] == described["BillableTimeInSeconds"] == 43
    assert described["TrainingEndTime"].timestamp() == now + 42.5
    (metric,) = described["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("loss", 0.25)


def test_a_job_that_is_over_can_be_deleted_and_its_name_used_again(
    sagemaker: Any, refused: Refused, become: Callable[..., Record]
) -> None:
    sagemaker.create_training_job(**request(Tags=[{"Key": "team", "Value": "red"}]))
    assert "InProgress" in refused(
        sagemaker.delete_training_job, "ResourceInUse", TrainingJobName="job"
    )
    become("job", job_statuses.COMPLETED)

    sagemaker.delete_training_job(TrainingJobName="job")

    sagemaker.create_training_job(**request())
    assert sagemaker.list_tags(ResourceArn=ARN + "job")["Tags"] == []


def test_the_period_of_a_warm_pool_can_be_changed_until_it_is_over(
    sagemaker: Any, refused: Refused, become: Callable[..., Record], clock: ManualClock
) -> None:
    sagemaker.create_training_job(**request(resources={"KeepAlivePeriodInSeconds": 60}))
    pool = {"status": "Available", "hosts": [], "since": clock.now()}
    become("job", job_statuses.COMPLETED, warm_pool=pool)
    change = {"KeepAlivePeriodInSeconds": 120}
    sagemaker.update_training_job(TrainingJobName="job", ResourceConfig=change)

    described = sagemaker.describe_training_job(TrainingJobName="job")
    assert described["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 120
    assert described["WarmPoolStatus"] == {"Status": "Available"}
    listed = sagemaker.list_training_jobs(WarmPoolStatusEquals="Available")
    assert len(listed["TrainingJobSummaries"]) == 1
    assert "warm pool" in refused(
        sagemaker.delete_training_job, "ResourceInUse", TrainingJobName="job"
    )

    become(
        "job",
        job_statuses.COMPLETED,
        warm_pool={**pool, "status": "Terminated", "retained_s": 61.0},
    )
    text = refused(sagemaker.update_training_job, TrainingJobName="job", ResourceConfig=change)
    assert "retains no warm pool" in text
    described = sagemaker.describe_training_job(TrainingJobName="job")
    assert described["WarmPoolStatus"]["ResourceRetainedBillableTimeInSeconds"] == 61


def test_what_becomes_of_a_job_is_an_event(sagemaker: Any, server: ApiServer) -> None:
    outbox = EventOutbox(server.records.transactions)
    before = outbox.last()
    sagemaker.create_training_job(**request(Tags=[{"Key": "team", "Value": "red"}]))

    (event,) = outbox.after(before)

    assert event.detail_type == "SageMaker Training Job State Change"
    assert event.resources == [ARN + "job"]
    assert event.detail["TrainingJobStatus"] == "InProgress"
    assert event.detail["SecondaryStatusTransitions"][0]["Status"] == "Starting"
