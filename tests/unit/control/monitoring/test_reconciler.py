"""Schedules on a clock that a test moves: each time runs once, on what was captured for it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from tests.support.control_builders import deployment, document
from tests.support.tiny_store import TinyStore, tiny_store

from argosy.control.means import Means
from argosy.control.monitoring import outcomes
from argosy.control.monitoring.reconciler import ScheduleReconciler
from argosy.ground.clock import ManualClock
from argosy.ground.settings import Settings
from argosy.messaging import Messaging
from argosy.monitor.analysis import Result, failed
from argosy.state import job_statuses, monitoring
from argosy.state.database import open_database
from argosy.state.monitoring import DATA_QUALITY_DEFINITION, EXECUTION, MONITORING_SCHEDULE
from argosy.state.processing_jobs import PROCESSING_JOB
from argosy.state.records import Record, Records
from argosy.telemetry.metrics import MetricStore, metric

ACCOUNT, REGION = "0" * 12, "us-east-1"
AT = 1_772_636_400.0  # 2026-03-04T15:00:00Z
HOUR = 3600.0
DELAY = 120.0
CAPTURED = "cap/data/Ep/A/2026/03/04"
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
DEFINITION = {
    "DataQualityAppSpecification": {"ImageUri": "analyzer"},
    "DataQualityJobInput": {"EndpointInput": {"EndpointName": "Ep", "LocalPath": "/in"}},
    "DataQualityJobOutputConfig": {
        "MonitoringOutputs": [{"S3Output": {"S3Uri": "s3://out", "LocalPath": "/out"}}]
    },
    "JobResources": {"ClusterConfig": CLUSTER},
    "RoleArn": "role",
}
HOURLY = {"ScheduleExpression": "cron(0 * ? * * *)"}
NOW = {
    "ScheduleExpression": "NOW",
    "DataAnalysisStartTime": "-PT1H",
    "DataAnalysisEndTime": "PT0H",
}


class Scene:
    """A schedule "watch" of the endpoint "Ep", made half past two."""

    def __init__(self, folder: Path, store: TinyStore) -> None:
        self.clock = ManualClock(AT - HOUR / 2)
        self.records = Records(open_database(folder / "a.db"))
        self.store = store
        self.means = Means(
            records=self.records,
            backend=cast(Any, None),
            settings=Settings(monitor_delay_s=DELAY),
            data_dir=cast(Any, None),
            clock=self.clock,
            store=store.access,
            messaging=Messaging(self.records, self.clock),
            metrics=MetricStore(self.records.transactions, self.clock),
        )
        live = deployment(A=1)
        live["config"]["DataCaptureConfig"] = {"DestinationS3Uri": "s3://cap/data"}
        self.make("endpoint", "Ep", dict(document(live=live)))
        self.make(DATA_QUALITY_DEFINITION, "quality", {"asked": DEFINITION, "endpoint": "Ep"})

    def make(self, kind: str, name: str, content: dict[str, Any], status: str = "") -> Record:
        return self.records.create(
            kind, ACCOUNT, REGION, name, content, now=self.clock.now(), status=status
        )

    def schedule(self, times: dict[str, str] = HOURLY) -> None:
        content = {
            "name": "watch",
            "arn": "arn:watch",
            "config": {"ScheduleConfig": times, "MonitoringJobDefinitionName": "quality"},
            "endpoint": "Ep",
            "type": "DataQuality",
            "definition": "quality",
            "failure_reason": "",
            "next": None,
        }
        self.make(MONITORING_SCHEDULE, "watch", content, monitoring.PENDING)

    def look(self) -> float:
        """One pass; a reconciler made anew each time, as after a restart."""
        return asyncio.run(ScheduleReconciler(self.means).activate())

    def now_is(self, at: float) -> None:
        self.clock.advance(at - self.clock.now())

    @property
    def status(self) -> str:
        found = self.records.get(MONITORING_SCHEDULE, ACCOUNT, REGION, "watch")
        assert found is not None
        return found.status

    def runs(self) -> list[tuple[float, str]]:
        """(hours after three o'clock, status), in order."""
        found = self.records.find(EXECUTION)
        return sorted(((r.document["scheduled"] - AT) / HOUR, r.status) for r in found)

    def jobs(self) -> list[Record]:
        return self.records.find(PROCESSING_JOB)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with tiny_store() as store:
        store.put(f"{CAPTURED}/14/one.jsonl", b"{}")
        yield Scene(tmp_path, store)


def test_a_schedule_runs_at_its_time_when_captured_data_has_come(scene: Scene) -> None:
    scene.schedule()
    scene.look()
    assert scene.status == "Scheduled"
    scene.now_is(AT + DELAY - 1)
    assert scene.look() == pytest.approx(1)
    assert scene.runs() == []
    scene.now_is(AT + DELAY)
    scene.look()
    assert scene.runs() == [(0, "InProgress")]
    (job,) = scene.jobs()
    (source,) = job.document["asked"]["ProcessingInputs"]
    assert source["S3Input"]["S3Uri"] == f"s3://{CAPTURED}/14"
    assert len(scene.means.events.after(0)) == 1


def test_a_time_runs_once_however_often_control_looks(scene: Scene) -> None:
    scene.schedule()
    scene.look()
    scene.now_is(AT + DELAY)
    for _ in range(3):
        scene.look()
    assert len(scene.runs()) == len(scene.jobs()) == 1


def test_times_that_went_by_while_control_was_away_run_each_on_its_own_data(scene: Scene) -> None:
    scene.schedule()
    scene.look()
    scene.store.put(f"{CAPTURED}/16/two.jsonl", b"{}")
    scene.now_is(AT + 2 * HOUR + DELAY)
    scene.look()
    assert scene.runs() == [(0, "InProgress"), (1, "Failed"), (2, "InProgress")]
    sources = [
        job.document["asked"]["ProcessingInputs"][0]["S3Input"]["S3Uri"] for job in scene.jobs()
    ]
    assert sorted(sources) == [f"s3://{CAPTURED}/14", f"s3://{CAPTURED}/16"]


def test_now_runs_at_once_and_stops(scene: Scene) -> None:
    scene.schedule(NOW)
    scene.look()
    assert scene.runs() == [(-0.5, "InProgress")]
    assert scene.status == "Stopped"


@pytest.mark.parametrize(
    ("kind", "name", "part"),
    [
        ("endpoint", "Ep", "Endpoint Ep does not exist"),
        (DATA_QUALITY_DEFINITION, "quality", "DataQuality job definition quality does not exist"),
    ],
)
def test_a_run_without_its_endpoint_or_definition_fails_and_the_schedule_goes_on(
    scene: Scene, kind: str, name: str, part: str
) -> None:
    scene.schedule()
    scene.look()
    scene.records.delete(kind, ACCOUNT, REGION, name)
    scene.now_is(AT + DELAY)
    scene.look()
    assert scene.runs() == [(0, "Failed")]
    (run,) = scene.records.find(EXECUTION)
    assert part in run.document["failure_reason"]
    assert scene.status == "Scheduled"


def test_a_store_that_is_away_fails_the_run_with_its_reason(scene: Scene) -> None:
    scene.schedule(NOW)
    scene.store.failures.extend([403] * 3)
    scene.look()
    (run,) = scene.records.find(EXECUTION)
    assert run.status == "Failed"
    assert run.document["failure_reason"]


def test_old_runs_are_forgotten_with_their_jobs(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "MOST_EXECUTIONS", 2)
    scene.schedule()
    scene.look()
    for hour in range(15, 18):
        scene.store.put(f"{CAPTURED}/{hour}/x.jsonl", b"{}")
    scene.now_is(AT + 3 * HOUR + DELAY)
    scene.look()
    assert [hour for hour, _ in scene.runs()] == [2, 3]
    assert len(scene.jobs()) == 2


def finish(scene: Scene, status: str, result: Result | None) -> None:
    """What the end of the job does."""
    (job,) = scene.jobs()
    with scene.records.transaction():
        ended = scene.records.update(job, now=scene.clock.now(), status=status)
        outcomes.ended(scene.means, ended, result)


@pytest.mark.parametrize(
    ("status", "result", "expected"),
    [
        (job_statuses.COMPLETED, {**failed(""), "violations": 0}, "Completed"),
        (job_statuses.COMPLETED, {**failed(""), "violations": 4}, "CompletedWithViolations"),
        (job_statuses.FAILED, failed("broken"), "Failed"),
        (job_statuses.STOPPED, None, "Stopped"),
    ],
)
def test_the_end_of_the_job_is_that_of_the_run(
    scene: Scene, status: str, result: Result | None, expected: str
) -> None:
    scene.schedule(NOW)
    scene.look()
    finish(scene, status, result)
    assert scene.runs() == [(-0.5, expected)]


def test_a_run_s_metrics_are_there_at_once(scene: Scene) -> None:
    scene.schedule(NOW)
    scene.look()
    value = {"name": "feature_data_a", "count": 4, "total": 10, "minimum": 1, "maximum": 4}
    vast = {**value, "name": "feature_data_b", "total": float("inf")}
    finish(scene, job_statuses.COMPLETED, cast(Result, {**failed(""), "metrics": [value, vast]}))
    now = scene.clock.now()
    dimensions = {"Endpoint": "Ep", "MonitoringSchedule": "watch"}
    wanted = metric(ACCOUNT, REGION, outcomes.NAMESPACE, "feature_data_a", dimensions)
    (point,) = scene.means.metrics.read(wanted, now - 60, now + 60, 60)
    assert (point.sample.average, point.sample.maximum) == (2.5, 4)
    assert len(scene.means.metrics.find(ACCOUNT, REGION, outcomes.NAMESPACE)) == 1
