"""Model monitoring on a real platform: baselines, runs on captured data, metrics of drift."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.clients import INSTALL_S, SDK2, client
from tests.support.command import argosy
from tests.support.endpoints import ROWS, classifier, create_model, model_archive, settled, until

from argosy.testing import Platform

IMAGE = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
ROLE = "arn:aws:iam::000000000000:role/monitor"
BUCKET = "monitored"
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
SOURCE, OUTPUT = "/opt/ml/processing/input/data", "/opt/ml/processing/output"


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """One of its own, which brings captured data to S3 at once."""
    with Platform(capture_delay_s=0.5) as running:
        yield running


@pytest.fixture(scope="module")
def s3(platform: Platform) -> Any:
    client = platform.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture(scope="module")
def sagemaker(platform: Platform) -> Any:
    return platform.client("sagemaker")


def rows(shift: float = 0.0, count: int = 500) -> list[list[float]]:
    random = np.random.default_rng(7)
    values = random.normal(size=(count, 2)) + np.array([0.0, shift])
    return [[float(one > 0), *map(float, (one, other))] for one, other in values]


def process(sagemaker: Any, name: str, key: str, **changes: Any) -> None:
    """A baselining job over an object or a prefix of the bucket."""
    environment = {"dataset_format": '{"csv": {"header": true}}', "dataset_source": SOURCE}
    sagemaker.create_processing_job(
        ProcessingJobName=name,
        ProcessingInputs=[
            {
                "InputName": "data",
                "S3Input": {
                    "S3Uri": f"s3://{BUCKET}/{key}",
                    "LocalPath": SOURCE,
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        ProcessingOutputConfig={
            "Outputs": [
                {
                    "OutputName": "monitoring_output",
                    "S3Output": {
                        "S3Uri": f"s3://{BUCKET}/{name}",
                        "LocalPath": OUTPUT,
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        ProcessingResources={"ClusterConfig": CLUSTER},
        AppSpecification={"ImageUri": IMAGE},
        Environment={**environment, "output_path": OUTPUT, **changes.pop("environment", {})},
        RoleArn=ROLE,
        **changes,
    )


def finished(sagemaker: Any, name: str) -> dict[str, Any]:
    def described() -> dict[str, Any] | None:
        found = sagemaker.describe_processing_job(ProcessingJobName=name)
        return None if found["ProcessingJobStatus"] in ("InProgress", "Stopping") else found

    return until(described, 120)


def content(s3: Any, key: str) -> Any:
    return json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())


def test_a_baseline_is_computed_and_its_log_is_there(
    platform: Platform, s3: Any, sagemaker: Any
) -> None:
    lines = [",".join(map(str, row)) for row in rows()]
    s3.put_object(Bucket=BUCKET, Key="base/data.csv", Body="\n".join(["label,a,b", *lines]))
    process(sagemaker, "base-line", "base/data.csv")
    found = finished(sagemaker, "base-line")
    assert found["ProcessingJobStatus"] == "Completed", found
    assert found["ExitMessage"].startswith("Completed:")
    statistics = content(s3, "base-line/statistics.json")
    assert statistics["dataset"]["item_count"] == 500
    constraints = content(s3, "base-line/constraints.json")
    kinds = {one["name"]: one["inferred_type"] for one in constraints["features"]}
    assert kinds == {"label": "Fractional", "a": "Fractional", "b": "Fractional"}
    logs = platform.client("logs")
    group = "/aws/sagemaker/ProcessingJobs"
    (stream,) = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="base-line/")[
        "logStreams"
    ]
    events = logs.get_log_events(
        logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
    )["events"]
    assert any("500 rows read" in event["message"] for event in events)


@pytest.mark.parametrize(
    ("name", "key", "body", "reason"),
    [
        ("no-rows", "empty/data.csv", "label,a\n", "Job inputs had no data"),
        ("no-data", "nothing-here/", None, "Job inputs had no data"),
    ],
)
def test_a_job_that_cannot_be_done_says_why(
    s3: Any, sagemaker: Any, name: str, key: str, body: str | None, reason: str
) -> None:
    if body is not None:
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    process(sagemaker, name, key)
    found = finished(sagemaker, name)
    assert (found["ProcessingJobStatus"], found["FailureReason"]) == ("Failed", reason)


def test_a_job_is_stopped(s3: Any, sagemaker: Any) -> None:
    process(sagemaker, "to-stop", "base/")
    sagemaker.stop_processing_job(ProcessingJobName="to-stop")
    assert finished(sagemaker, "to-stop")["ProcessingJobStatus"] in ("Stopped", "Completed")


def test_a_job_that_takes_too_long_is_stopped(s3: Any, sagemaker: Any) -> None:
    body = "a,b\n" + "".join(f"{number},{number / 7}\n" for number in range(400_000))
    s3.put_object(Bucket=BUCKET, Key="long/data.csv", Body=body)
    process(sagemaker, "too-long", "long/", StoppingCondition={"MaxRuntimeInSeconds": 1})
    found = finished(sagemaker, "too-long")
    assert found["ProcessingJobStatus"] == "Stopped"
    assert "MaxRuntimeInSeconds" in found["ExitMessage"]


SCRIPT = """
import joblib
def model_fn(folder):
    return joblib.load(folder + "/model.joblib")
"""


@pytest.fixture(scope="module")
def watched(platform: Platform, s3: Any, sagemaker: Any) -> str:
    """An endpoint whose data is captured, with a baseline of iris before its answers."""
    create_model(platform, "watched", model_archive(classifier()))
    sagemaker.create_endpoint_config(
        EndpointConfigName="watched",
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": "watched",
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
            }
        ],
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{BUCKET}/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
        },
    )
    sagemaker.create_endpoint(EndpointName="watched", EndpointConfigName="watched")
    assert settled(platform, "watched")["EndpointStatus"] == "InService"
    s3.put_object(Bucket=BUCKET, Key="iris/train.csv", Body=iris_csv())
    process(sagemaker, "iris-baseline", "iris/")
    assert finished(sagemaker, "iris-baseline")["ProcessingJobStatus"] == "Completed"
    return "watched"


def iris_csv() -> str:
    answers = classifier().predict(ROWS)
    lines = [
        f"{answer},{','.join(map(str, row))}" for answer, row in zip(answers, ROWS, strict=True)
    ]
    return "\n".join(["species,a,b,c,d", *lines])


def now_schedule(name: str, start: str = "-PT1H", end: str = "PT0H", **job: Any) -> dict[str, Any]:
    """A schedule in the older form, that looks at the last hour at once, or at another time."""
    baseline = f"s3://{BUCKET}/iris-baseline"
    return {
        "MonitoringScheduleName": name,
        "MonitoringScheduleConfig": {
            "ScheduleConfig": {
                "ScheduleExpression": "NOW",
                "DataAnalysisStartTime": start,
                "DataAnalysisEndTime": end,
            },
            "MonitoringJobDefinition": {
                "BaselineConfig": {
                    "ConstraintsResource": {"S3Uri": f"{baseline}/constraints.json"},
                    "StatisticsResource": {"S3Uri": f"{baseline}/statistics.json"},
                },
                "MonitoringInputs": [
                    {"EndpointInput": {"EndpointName": "watched", "LocalPath": SOURCE}}
                ],
                "MonitoringOutputConfig": {
                    "MonitoringOutputs": [
                        {"S3Output": {"S3Uri": f"s3://{BUCKET}/reports", "LocalPath": OUTPUT}}
                    ]
                },
                "MonitoringResources": {"ClusterConfig": CLUSTER},
                "MonitoringAppSpecification": {"ImageUri": IMAGE},
                "RoleArn": ROLE,
                **job,
            },
        },
    }


def ended(sagemaker: Any, schedule: str) -> dict[str, Any]:
    """The latest run of a schedule, once it is over."""

    def run() -> dict[str, Any] | None:
        described = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=schedule)
        last = described.get("LastMonitoringExecutionSummary")
        over = last and last["MonitoringExecutionStatus"] not in ("Pending", "InProgress")
        return last if over else None

    return dict(until(run, 120))


def captured_lines(s3: Any) -> int:
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="captured/").get("Contents", [])
    bodies = [s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in listed]
    return sum(len(body.splitlines()) for body in bodies)


def test_a_run_without_captured_data_fails_and_says_where_it_looked(
    sagemaker: Any, watched: str
) -> None:
    sagemaker.create_monitoring_schedule(**now_schedule("too-early", "-P5D", "-P4D"))
    last = ended(sagemaker, "too-early")
    assert last["MonitoringExecutionStatus"] == "Failed"
    assert last["FailureReason"].startswith(
        f'No S3 objects found under S3 URL "s3://{BUCKET}/captured/{watched}/AllTraffic/'
    )
    assert "ProcessingJobArn" not in last
    described = sagemaker.describe_monitoring_schedule(MonitoringScheduleName="too-early")
    assert described["MonitoringScheduleStatus"] == "Stopped"


def test_traffic_that_drifts_is_found_and_told_to_cloudwatch(
    platform: Platform, s3: Any, sagemaker: Any, watched: str
) -> None:
    runtime = platform.client("sagemaker-runtime")
    drifted = ROWS + np.array([0.0, 0.0, 0.0, 40.0])
    for part in np.array_split(drifted, 10):
        body = "\n".join(",".join(map(str, row)) for row in part)
        runtime.invoke_endpoint(
            EndpointName=watched, ContentType="text/csv", Accept="text/csv", Body=body
        )
    until(lambda: captured_lines(s3) >= 10, 120)
    sagemaker.create_monitoring_schedule(**now_schedule("watch"))
    last = ended(sagemaker, "watch")
    assert last["MonitoringExecutionStatus"] == "CompletedWithViolations", last
    job = sagemaker.describe_processing_job(
        ProcessingJobName=last["ProcessingJobArn"].rpartition("/")[2]
    )
    place = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    key = place.removeprefix(f"s3://{BUCKET}/")
    found = content(s3, f"{key}/constraint_violations.json")["violations"]
    drifts = {
        one["feature_name"]
        for one in found
        if one["constraint_check_type"] == "baseline_drift_check"
    }
    assert "d" in drifts
    assert not drifts & {"a", "b", "c"}
    assert content(s3, f"{key}/statistics.json")["dataset"]["item_count"] == len(ROWS)
    now = datetime.now(UTC)
    points = platform.client("cloudwatch").get_metric_statistics(
        Namespace="aws/sagemaker/Endpoints/data-metrics",
        MetricName="feature_baseline_drift_d",
        Dimensions=[
            {"Name": "Endpoint", "Value": watched},
            {"Name": "MonitoringSchedule", "Value": "watch"},
        ],
        StartTime=now - timedelta(minutes=30),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    assert max(point["Maximum"] for point in points) > 0.5
    shown = argosy(platform.environment(), "monitor", watched)
    assert shown.code == 0, shown.err
    assert "baseline_drift_check" in shown.out


def test_a_run_whose_baseline_is_gone_fails_with_a_sentence(
    s3: Any, sagemaker: Any, watched: str
) -> None:
    hour = f"{datetime.now(UTC) - timedelta(days=2):%Y/%m/%d/%H}"
    s3.put_object(Bucket=BUCKET, Key=f"captured/{watched}/AllTraffic/{hour}/x.jsonl", Body="{}")
    gone = {"ConstraintsResource": {"S3Uri": f"s3://{BUCKET}/nowhere/constraints.json"}}
    asked = now_schedule("baseless", "-P2DT2H", "-P1DT22H", BaselineConfig=gone)
    sagemaker.create_monitoring_schedule(**asked)
    last = ended(sagemaker, "baseless")
    assert last["MonitoringExecutionStatus"] == "Failed"
    assert "nowhere/constraints.json" in last["FailureReason"]


def test_answers_that_prove_wrong_are_found(
    platform: Platform, s3: Any, sagemaker: Any, watched: str
) -> None:
    """Model quality: a baseline of good answers, then a truth that is another."""
    truths = classifier().predict(ROWS)
    table = ["said,true", *(f"{answer},{answer}" for answer in truths)]
    s3.put_object(Bucket=BUCKET, Key="quality/table.csv", Body="\n".join(table))
    process(
        sagemaker,
        "quality-baseline",
        "quality/",
        environment={
            "analysis_type": "MODEL_QUALITY",
            "problem_type": "MulticlassClassification",
            "inference_attribute": "said",
            "ground_truth_attribute": "true",
        },
    )
    assert finished(sagemaker, "quality-baseline")["ProcessingJobStatus"] == "Completed"
    before = captured_lines(s3)
    runtime = platform.client("sagemaker-runtime")
    for number in range(10):
        runtime.invoke_endpoint(
            EndpointName=watched,
            ContentType="text/csv",
            Accept="text/csv",
            InferenceId=f"asked-{number}",
            Body=",".join(map(str, ROWS[number])),
        )
    truth = [
        {
            "groundTruthData": {"data": "0" if number < 7 else "2", "encoding": "CSV"},
            "eventMetadata": {"eventId": f"asked-{number}"},
            "eventVersion": "0",
        }
        for number in range(10)
    ]
    place = datetime.now(UTC).strftime("truth/%Y/%m/%d/%H/one.jsonl")
    s3.put_object(Bucket=BUCKET, Key=place, Body="\n".join(map(json.dumps, truth)))
    until(lambda: captured_lines(s3) >= before + 10, 120)
    sagemaker.create_model_quality_job_definition(
        JobDefinitionName="watched-quality",
        ModelQualityBaselineConfig={"BaseliningJobName": "quality-baseline"},
        ModelQualityAppSpecification={
            "ImageUri": IMAGE,
            "ProblemType": "MulticlassClassification",
        },
        ModelQualityJobInput={
            "EndpointInput": {
                "EndpointName": watched,
                "LocalPath": SOURCE,
                "InferenceAttribute": "0",
            },
            "GroundTruthS3Input": {"S3Uri": f"s3://{BUCKET}/truth"},
        },
        ModelQualityJobOutputConfig={
            "MonitoringOutputs": [
                {"S3Output": {"S3Uri": f"s3://{BUCKET}/reports", "LocalPath": OUTPUT}}
            ]
        },
        JobResources={"ClusterConfig": CLUSTER},
        RoleArn=ROLE,
    )
    asked = now_schedule("watch-quality")
    config = asked["MonitoringScheduleConfig"]
    del config["MonitoringJobDefinition"]
    config |= {"MonitoringJobDefinitionName": "watched-quality", "MonitoringType": "ModelQuality"}
    sagemaker.create_monitoring_schedule(**asked)
    last = ended(sagemaker, "watch-quality")
    assert last["MonitoringExecutionStatus"] == "CompletedWithViolations", last
    job = sagemaker.describe_processing_job(
        ProcessingJobName=last["ProcessingJobArn"].rpartition("/")[2]
    )
    key = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"].split("/", 3)[3]
    metrics = content(s3, f"{key}/statistics.json")["multiclass_classification_metrics"]
    assert metrics["accuracy"]["value"] == 0.7
    found = content(s3, f"{key}/constraint_violations.json")["violations"]
    assert "accuracy" in {one["metric_name"] for one in found}


@pytest.mark.timeout(INSTALL_S + 360)
def test_the_sdk_s_monitors_go_from_baselines_to_violations(
    platform: Platform, tmp_path: Path
) -> None:
    (tmp_path / "model.tar.gz").write_bytes(model_archive(classifier()))
    (tmp_path / "inference.py").write_text(SCRIPT)
    (tmp_path / "train.csv").write_text(iris_csv())
    (tmp_path / "quality.csv").write_text("said,true\n" + "0,0\n1,1\n2,2\n" * 20)
    drifted = ROWS[::6] + np.array([30.0, 0.0, 0.0, 0.0])
    lines = "\n".join(",".join(map(str, row)) for row in drifted)
    (tmp_path / "drifted.csv").write_text(lines)
    told = client(platform, SDK2, tmp_path).run("sdk2_monitor.py", tmp_path)
    assert told["baseline"] == len(ROWS)
    assert told["constraints"] == ["species", "a", "b", "c", "d"]
    assert told["execution"] == "CompletedWithViolations"
    assert told["rows"] == len(drifted)
    assert told["exit"].startswith("CompletedWithViolations: Job completed successfully with")
    assert ("a", "baseline_drift_check") in {
        (one["feature_name"], one["constraint_check_type"]) for one in told["violations"]
    }
    assert (told["endpoint"], told["attached"]) == ("sdk-monitored", "sdk-watch")
    assert "accuracy" in {one["metric_name"] for one in told["wrong"]}
