"""Monitoring schedules, job definitions and executions through boto3: taken, refused, shown."""

from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.clock import ManualClock
from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.state import monitoring
from tests.support.api_client import ApiServer

ARN = "arn:aws:sagemaker:us-east-1:000000000000:"
ROLE = "arn:aws:iam::000000000000:role/monitor"
IMAGE = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
OUTPUT = {"S3Uri": "s3://out/reports", "LocalPath": "/opt/ml/processing/output"}
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
HOURLY = "cron(0 * ? * * *)"
Refused = Callable[..., str]

pytestmark = pytest.mark.usefixtures("endpoint")


def endpoint_input(**more: Any) -> dict[str, Any]:
    return {"EndpointName": "Ep", "LocalPath": "/opt/ml/processing/input/endpoint", **more}


def definition(name: str = "quality", **changes: Any) -> dict[str, Any]:
    return {
        "JobDefinitionName": name,
        "DataQualityBaselineConfig": {
            "ConstraintsResource": {"S3Uri": "s3://base/constraints.json"}
        },
        "DataQualityAppSpecification": {"ImageUri": IMAGE, **changes.pop("app", {})},
        "DataQualityJobInput": {"EndpointInput": endpoint_input(**changes.pop("input", {}))},
        "DataQualityJobOutputConfig": {"MonitoringOutputs": [{"S3Output": OUTPUT}]},
        "JobResources": {"ClusterConfig": CLUSTER},
        "RoleArn": ROLE,
        **changes,
    }


def schedule(name: str = "watch", expression: str = HOURLY, **config: Any) -> dict[str, Any]:
    times = config.pop("times", {})
    return {
        "MonitoringScheduleName": name,
        "MonitoringScheduleConfig": {
            "ScheduleConfig": {"ScheduleExpression": expression, **times},
            **(
                {"MonitoringJobDefinitionName": "quality", "MonitoringType": "DataQuality"}
                if "MonitoringJobDefinition" not in config
                else {}
            ),
            **config,
        },
    }


def inline(**changes: Any) -> dict[str, Any]:
    return {
        "MonitoringInputs": [{"EndpointInput": endpoint_input()}],
        "MonitoringOutputConfig": {"MonitoringOutputs": [{"S3Output": OUTPUT}]},
        "MonitoringResources": {"ClusterConfig": CLUSTER},
        "MonitoringAppSpecification": {"ImageUri": IMAGE},
        "RoleArn": ROLE,
        **changes,
    }


def ran(server: ApiServer, scheduled: float, status: str, name: str = "watch") -> None:
    """What control writes for a run."""
    document = {
        "schedule": name,
        "schedule_arn": f"{ARN}monitoring-schedule/{name}",
        "endpoint": "Ep",
        "type": "DataQuality",
        "definition": "quality",
        "scheduled": scheduled,
        "processing_job_arn": f"{ARN}processing-job/model-monitoring-{int(scheduled)}",
        "failure_reason": "why" if status == "Failed" else "",
    }
    server.records.create(
        monitoring.EXECUTION,
        DEFAULT_ACCOUNT,
        DEFAULT_REGION,
        monitoring.execution_name(name, scheduled),
        document,
        now=scheduled,
        status=status,
    )


def test_a_definition_is_described_as_it_was_asked_for(sagemaker: Any, clock: ManualClock) -> None:
    asked = definition(StoppingCondition={"MaxRuntimeInSeconds": 600})
    arn = sagemaker.create_data_quality_job_definition(**asked)["JobDefinitionArn"]
    assert arn == f"{ARN}data-quality-job-definition/quality"
    found = sagemaker.describe_data_quality_job_definition(JobDefinitionName="quality")
    assert found["CreationTime"].timestamp() == clock.now()
    assert {name: found[name] for name in asked} == asked


def test_definitions_are_listed_by_endpoint_and_deleted(sagemaker: Any, clock: ManualClock) -> None:
    for name in ("one", "two", "three"):
        sagemaker.create_data_quality_job_definition(**definition(name))
        clock.advance(1)
    listed = sagemaker.list_data_quality_job_definitions(EndpointName="Ep", MaxResults=2)
    names = [one["MonitoringJobDefinitionName"] for one in listed["JobDefinitionSummaries"]]
    assert names == ["three", "two"]
    rest = sagemaker.list_data_quality_job_definitions(NextToken=listed["NextToken"])
    assert [one["EndpointName"] for one in rest["JobDefinitionSummaries"]] == ["Ep"]
    sagemaker.delete_data_quality_job_definition(JobDefinitionName="one")
    assert not sagemaker.list_data_quality_job_definitions(NameContains="one")[
        "JobDefinitionSummaries"
    ]


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"app": {"ImageUri": "my-own:1"}}, "sagemaker-model-monitor-analyzer only"),
        ({"app": {"RecordPreprocessorSourceUri": "s3://b/pre.py"}}, "preprocessing"),
        ({"app": {"ContainerArguments": ["x"]}}, "programs of users"),
        ({"input": {"StartTimeOffset": "P1Y"}}, "not a duration"),
        ({"input": {"StartTimeOffset": "PT1H"}}, "before EndTimeOffset"),
        ({"input": {"InferenceAttribute": "0"}}, "attributes of predictions"),
        (
            {"DataQualityBaselineConfig": {"StatisticsResource": {"S3Uri": "https://x/y"}}},
            "not an S3 URI",
        ),
    ],
)
def test_a_definition_that_could_not_be_run_is_refused(
    sagemaker: Any, refused: Refused, changes: dict[str, Any], part: str
) -> None:
    call = sagemaker.create_data_quality_job_definition
    assert part in refused(call, **definition(**changes))


def test_a_schedule_is_pending_until_control_has_seen_it(
    sagemaker: Any, clock: ManualClock
) -> None:
    sagemaker.create_data_quality_job_definition(**definition())
    asked = schedule()
    arn = sagemaker.create_monitoring_schedule(**asked)["MonitoringScheduleArn"]
    assert arn == f"{ARN}monitoring-schedule/watch"
    found = sagemaker.describe_monitoring_schedule(MonitoringScheduleName="watch")
    assert found["MonitoringScheduleStatus"] == "Pending"
    assert found["EndpointName"] == "Ep"
    assert found["MonitoringType"] == "DataQuality"
    assert found["MonitoringScheduleConfig"] == asked["MonitoringScheduleConfig"]
    assert "LastMonitoringExecutionSummary" not in found


def test_the_older_form_holds_its_job_definition_inside(sagemaker: Any) -> None:
    asked = schedule(MonitoringJobDefinition=inline())
    sagemaker.create_monitoring_schedule(**asked)
    found = sagemaker.describe_monitoring_schedule(MonitoringScheduleName="watch")
    assert found["MonitoringScheduleConfig"] == asked["MonitoringScheduleConfig"]
    assert found["EndpointName"] == "Ep"


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"expression": "cron(0/5 * ? * * *)"}, "once an hour"),
        ({"expression": "rate(1 hour)"}, "once an hour"),
        ({"expression": "cron(0 25 ? * * *)"}, "ScheduleExpression"),
        ({"expression": "NOW"}, "needs DataAnalysisStartTime"),
        (
            {
                "expression": "NOW",
                "times": {"DataAnalysisStartTime": "PT0H", "DataAnalysisEndTime": "-PT1H"},
            },
            "must be before",
        ),
        ({"MonitoringType": "ModelBias"}, "bias and explainability"),
        ({"MonitoringJobDefinition": inline(), "MonitoringJobDefinitionName": "quality"}, "either"),
        (
            {"MonitoringJobDefinition": inline(MonitoringAppSpecification={"ImageUri": "mine"})},
            "analyzer only",
        ),
    ],
)
def test_a_schedule_that_could_not_be_kept_is_refused(
    sagemaker: Any, refused: Refused, changes: dict[str, Any], part: str
) -> None:
    sagemaker.create_data_quality_job_definition(**definition())
    assert part in refused(sagemaker.create_monitoring_schedule, **schedule(**changes))


def test_a_schedule_of_what_is_not_there_is_refused(sagemaker: Any, refused: Refused) -> None:
    create = sagemaker.create_monitoring_schedule
    assert "definition" in refused(create, "ResourceNotFound", **schedule())
    sagemaker.create_data_quality_job_definition(**definition(input={"EndpointName": "gone"}))
    assert "endpoint/gone" in refused(create, **schedule())


def test_a_schedule_is_stopped_started_updated_and_deleted(
    sagemaker: Any, refused: Refused
) -> None:
    sagemaker.create_data_quality_job_definition(**definition())
    sagemaker.create_monitoring_schedule(**schedule())
    describe, name = sagemaker.describe_monitoring_schedule, {"MonitoringScheduleName": "watch"}
    sagemaker.stop_monitoring_schedule(**name)
    assert describe(**name)["MonitoringScheduleStatus"] == "Stopped"
    sagemaker.start_monitoring_schedule(**name)
    assert describe(**name)["MonitoringScheduleStatus"] == "Pending"
    sagemaker.update_monitoring_schedule(**schedule(expression="cron(0 6 ? * * *)"))
    times = describe(**name)["MonitoringScheduleConfig"]["ScheduleConfig"]
    assert times == {"ScheduleExpression": "cron(0 6 ? * * *)"}
    sagemaker.delete_monitoring_schedule(**name)
    refused(describe, "ResourceNotFound", **name)


def test_a_name_is_taken_once(sagemaker: Any, refused: Refused) -> None:
    sagemaker.create_data_quality_job_definition(**definition())
    sagemaker.create_monitoring_schedule(**schedule())
    refused(sagemaker.create_monitoring_schedule, "ResourceInUse", **schedule())
    refused(sagemaker.create_data_quality_job_definition, "ResourceInUse", **definition())


def test_schedules_are_listed_with_their_filters(sagemaker: Any) -> None:
    sagemaker.create_data_quality_job_definition(**definition())
    sagemaker.create_monitoring_schedule(**schedule("first"))
    sagemaker.create_monitoring_schedule(**schedule("second", MonitoringJobDefinition=inline()))
    listing = sagemaker.list_monitoring_schedules

    def names(**asked: Any) -> list[str]:
        found = listing(SortBy="Name", SortOrder="Ascending", **asked)
        return [one["MonitoringScheduleName"] for one in found["MonitoringScheduleSummaries"]]

    assert names() == ["first", "second"]
    assert names(MonitoringJobDefinitionName="quality") == ["first"]
    assert names(EndpointName="other") == []
    assert names(StatusEquals="Scheduled") == []


def test_runs_are_listed_newest_first_and_the_last_is_in_the_description(
    server: ApiServer, sagemaker: Any
) -> None:
    sagemaker.create_data_quality_job_definition(**definition())
    sagemaker.create_monitoring_schedule(**schedule())
    for hour, status in enumerate(["Completed", "Failed", "CompletedWithViolations"]):
        ran(server, 1_700_000_000.0 + hour * 3600, status)
    ran(server, 1_700_000_000.0, "Completed", name="watch2")
    listed = sagemaker.list_monitoring_executions(MonitoringScheduleName="watch", MaxResults=2)
    found = listed["MonitoringExecutionSummaries"]
    assert [one["MonitoringExecutionStatus"] for one in found] == [
        "CompletedWithViolations",
        "Failed",
    ]
    assert found[1]["FailureReason"] == "why"
    rest = sagemaker.list_monitoring_executions(
        MonitoringScheduleName="watch", NextToken=listed["NextToken"]
    )
    assert len(rest["MonitoringExecutionSummaries"]) == 1
    described = sagemaker.describe_monitoring_schedule(MonitoringScheduleName="watch")
    assert described["LastMonitoringExecutionSummary"] == found[0]
    assert len(sagemaker.list_monitoring_executions()["MonitoringExecutionSummaries"]) == 4


def test_runs_are_filtered_by_time_and_status(server: ApiServer, sagemaker: Any) -> None:
    for hour in range(4):
        ran(server, 1_700_000_000.0 + hour * 3600, "Completed" if hour % 2 else "Failed")
    found = sagemaker.list_monitoring_executions(
        ScheduledTimeAfter=1_700_000_000.0 + 3600, StatusEquals="Completed"
    )
    assert len(found["MonitoringExecutionSummaries"]) == 2


def test_a_page_token_of_another_order_is_refused(sagemaker: Any, refused: Refused) -> None:
    assert "NextToken" in refused(sagemaker.list_monitoring_executions, NextToken="bad")


def quality(name: str = "good", **changes: Any) -> dict[str, Any]:
    """A model quality job definition."""
    source = {"InferenceAttribute": "0", **changes.pop("input", {})}
    return {
        "JobDefinitionName": name,
        "ModelQualityBaselineConfig": {
            "ConstraintsResource": {"S3Uri": "s3://base/constraints.json"}
        },
        "ModelQualityAppSpecification": {
            "ImageUri": IMAGE,
            "ProblemType": "BinaryClassification",
            **changes.pop("app", {}),
        },
        "ModelQualityJobInput": {
            "EndpointInput": {
                **endpoint_input(),
                **{name: value for name, value in source.items() if value is not None},
            },
            "GroundTruthS3Input": {"S3Uri": "s3://truth/here", **changes.pop("truth", {})},
        },
        "ModelQualityJobOutputConfig": {"MonitoringOutputs": [{"S3Output": OUTPUT}]},
        "JobResources": {"ClusterConfig": CLUSTER},
        "RoleArn": ROLE,
        **changes,
    }


def test_model_quality_has_definitions_and_schedules_of_its_own(
    sagemaker: Any, refused: Refused
) -> None:
    asked = quality()
    arn = sagemaker.create_model_quality_job_definition(**asked)["JobDefinitionArn"]
    assert arn == f"{ARN}model-quality-job-definition/good"
    found = sagemaker.describe_model_quality_job_definition(JobDefinitionName="good")
    assert {name: found[name] for name in asked} == asked
    config = {"MonitoringJobDefinitionName": "good", "MonitoringType": "ModelQuality"}
    sagemaker.create_monitoring_schedule(**schedule("goodness", **config))
    described = sagemaker.describe_monitoring_schedule(MonitoringScheduleName="goodness")
    assert described["MonitoringType"] == "ModelQuality"
    wrong = schedule("other", MonitoringJobDefinitionName="good")
    refused(sagemaker.create_monitoring_schedule, "ResourceNotFound", **wrong)
    assert not sagemaker.list_data_quality_job_definitions()["JobDefinitionSummaries"]
    sagemaker.delete_model_quality_job_definition(JobDefinitionName="good")
    assert not sagemaker.list_model_quality_job_definitions()["JobDefinitionSummaries"]


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"input": {"InferenceAttribute": None}}, "InferenceAttribute or ProbabilityAttribute"),
        ({"truth": {"S3Uri": "https://x/y"}}, "not an S3 URI"),
        ({"app": {"PostAnalyticsProcessorSourceUri": "s3://b/p.py"}}, "postprocessing"),
    ],
)
def test_a_model_quality_job_that_could_not_be_run_is_refused(
    sagemaker: Any, refused: Refused, changes: dict[str, Any], part: str
) -> None:
    call = sagemaker.create_model_quality_job_definition
    assert part in refused(call, **quality(**changes))
