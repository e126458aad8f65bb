"""The processing job of a run, and the analysis that a processing job means."""

from typing import Any

import pytest
from tests.support.control_builders import deployment

from argosy.control.monitoring.job import (
    CannotRun,
    captured_under,
    inline,
    job_name,
    named,
    no_data,
    request,
)
from argosy.control.processing.analysis import analysis_of
from argosy.control.processing.endings import MOST_ATTEMPTS, ending_of
from argosy.monitor.analysis import Result, failed
from argosy.state.processing_jobs import most_seconds

AT = 1_772_636_400.0  # 2026-03-04T15:00:00Z
OUTPUT = {"S3Output": {"S3Uri": "s3://out/reports/", "LocalPath": "/opt/ml/processing/output"}}
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
SOURCE = {"EndpointName": "Ep", "LocalPath": "/opt/ml/processing/input/endpoint"}
BASELINE = {"constraints": "s3://base/c.json", "statistics": ""}
NAMED = {
    "DataQualityAppSpecification": {"ImageUri": "analyzer", "Environment": {"x": "y"}},
    "DataQualityJobInput": {"EndpointInput": {**SOURCE, "ExcludeFeaturesAttribute": "id, at"}},
    "DataQualityJobOutputConfig": {"MonitoringOutputs": [OUTPUT]},
    "DataQualityBaselineConfig": {"ConstraintsResource": {"S3Uri": "s3://base/c.json"}},
    "JobResources": {"ClusterConfig": CLUSTER},
    "RoleArn": "role",
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


def asked(*sources: str) -> dict[str, Any]:
    window = (AT - 3600, AT)
    return request(named(NAMED, "DataQuality"), "watch", "Ep", sources, window, AT, BASELINE)


def test_a_run_writes_where_its_schedule_and_hour_say() -> None:
    (output,) = asked("s3://cap/Ep/A")["ProcessingOutputConfig"]["Outputs"]
    assert output["S3Output"]["S3Uri"] == "s3://out/reports/Ep/watch/2026/03/04/15"
    assert most_seconds(asked("s3://cap/Ep/A")) == 60


def test_a_run_becomes_an_analysis_of_the_captured_data_of_its_window() -> None:
    analysis = analysis_of(asked("s3://cap/Ep/A", "s3://cap/Ep/B"), 512)
    assert analysis["sources"] == ["s3://cap/Ep/A", "s3://cap/Ep/B"]
    assert "sagemakerCaptureJson" in analysis["format"]
    assert (analysis["start"], analysis["end"]) == (AT - 3600, AT)
    assert (analysis["constraints"], analysis["statistics"]) == ("s3://base/c.json", "")
    assert analysis["output"] == "s3://out/reports/Ep/watch/2026/03/04/15"
    assert analysis["exclude"] == ["id", "at"]
    assert analysis["memory_mb"] == 512


def test_a_definition_says_the_same_by_name_and_within_the_schedule() -> None:
    within = {
        "MonitoringAppSpecification": {"ImageUri": "analyzer"},
        "Environment": {"x": "y"},
        "MonitoringInputs": [NAMED["DataQualityJobInput"]],
        "MonitoringOutputConfig": NAMED["DataQualityJobOutputConfig"],
        "BaselineConfig": NAMED["DataQualityBaselineConfig"],
        "MonitoringResources": NAMED["JobResources"],
        "RoleArn": "role",
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
    assert inline(within) == named(NAMED, "DataQuality")


def test_a_run_has_the_same_name_always_and_no_other_run_has_it() -> None:
    names = {job_name("arn", 1.0, AT), job_name("arn", 2.0, AT), job_name("arn", 1.0, AT + 3600)}
    assert len(names) == 3
    assert job_name("arn", 1.0, AT).startswith("model-monitoring-202603041500-")
    assert len(job_name("arn", 1.0, AT)) <= 63


def test_captured_data_lies_under_each_variant() -> None:
    live = deployment(A=1, B=2)
    live["config"]["DataCaptureConfig"] = {"DestinationS3Uri": "s3://cap/data/"}
    assert captured_under("Ep", live) == ["s3://cap/data/Ep/A", "s3://cap/data/Ep/B"]


def test_without_data_capture_a_run_cannot_be() -> None:
    with pytest.raises(CannotRun, match="Data capture is not enabled"):
        captured_under("Ep", deployment())
    with pytest.raises(CannotRun, match="Data capture is not enabled"):
        captured_under("Ep", None)


def test_the_reason_for_no_data_names_the_place() -> None:
    assert no_data("s3://cap/Ep/A/2026/03/04/14", "eu-west-1", "role").startswith(
        'No S3 objects found under S3 URL "s3://cap/Ep/A/2026/03/04/14" given in input data source.'
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/opt/in", ["s3://b/data.csv"]),
        ("/opt/in/", ["s3://b/data.csv"]),
        ("/opt/in/data.csv", ["s3://b/data.csv"]),
        ("/opt/in/more", ["s3://b/data.csv/more"]),
    ],
)
def test_a_path_of_the_container_is_a_place_in_s3(path: str, expected: list[str]) -> None:
    job = {
        "Environment": {
            "dataset_format": '{"csv": {}}',
            "dataset_source": path,
            "output_path": "file:///opt/out",
        },
        "ProcessingInputs": [{"S3Input": {"S3Uri": "s3://b/data.csv", "LocalPath": "/opt/in"}}],
        "ProcessingOutputConfig": {
            "Outputs": [{"S3Output": {"S3Uri": "s3://b/o", "LocalPath": "/opt/out"}}]
        },
    }
    analysis = analysis_of(job, 0)
    assert (analysis["sources"], analysis["output"]) == (expected, "s3://b/o")


def result(violations: int | None = None) -> Result:
    return {**failed(""), "violations": violations}


@pytest.mark.parametrize(
    ("case", "status", "part"),
    [
        ({"result": result(3)}, "Completed", "with 3 violations"),
        ({"result": result(0)}, "Completed", "no violations"),
        ({"result": result()}, "Completed", "no violations"),
        ({"result": failed("broken")}, "Failed", "broken"),
        ({"result": failed("killed"), "overdue": True}, "Stopped", "MaxRuntimeInSeconds"),
        ({"status": "Stopping", "running": False}, "Stopped", ""),
        ({"status": "Stopping", "result": result(0)}, "Stopped", ""),
        ({"running": False, "attempts": MOST_ATTEMPTS}, "Failed", ""),
    ],
)
def test_a_job_ends_as_its_process_did(case: dict[str, Any], status: str, part: str) -> None:
    ending = ending_of(
        case.get("status", "InProgress"),
        case.get("attempts", 1),
        running=case.get("running", True),
        result=case.get("result"),
        overdue=case.get("overdue", False),
    )
    assert ending is not None
    assert ending.status == status
    assert part in ending.message


@pytest.mark.parametrize(
    ("status", "running", "attempts"),
    [("InProgress", True, 1), ("InProgress", False, 0), ("Stopping", True, 1)],
)
def test_a_job_goes_on_while_its_process_does(status: str, running: bool, attempts: int) -> None:
    assert ending_of(status, attempts, running=running, result=None, overdue=False) is None
