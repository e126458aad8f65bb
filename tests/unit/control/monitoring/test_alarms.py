"""An alarm that watches drift, and the topic that it tells."""

from pathlib import Path
from typing import cast

from tests.support.alarms import ACCOUNT, REGION, Watch

from argosy.control.monitoring import outcomes
from argosy.monitor.analysis import MetricValue, Result, failed
from argosy.state import job_statuses
from argosy.state import processing_jobs as jobs
from argosy.state.database import open_database
from argosy.state.processing_jobs import PROCESSING_JOB, ProcessingJobDocument
from argosy.state.records import Record


def job(watch: Watch, name: str) -> Record:
    """A run of the schedule "watch" that has just completed."""
    document: ProcessingJobDocument = jobs.new_job(name, f"arn:{name}", {"Environment": {}})
    document["monitoring"] = {
        "schedule": "watch",
        "schedule_arn": "arn:watch",
        "execution": f"watch/{name}",
        "endpoint": "Ep",
    }
    return watch.records.create(
        PROCESSING_JOB,
        ACCOUNT,
        REGION,
        name,
        dict(document),
        now=watch.clock.now(),
        status=job_statuses.COMPLETED,
    )


def drifted(distance: float) -> Result:
    value: MetricValue = {
        "name": "feature_baseline_drift_age",
        "count": 1.0,
        "total": distance,
        "minimum": distance,
        "maximum": distance,
    }
    return cast(Result, {**failed(""), "metrics": [value]})


def test_an_alarm_rings_when_the_hour_is_over_in_which_a_run_found_drift(tmp_path: Path) -> None:
    watch = Watch(open_database(tmp_path / "a.db"))
    watch.put(
        "drift",
        Namespace="aws/sagemaker/Endpoints/data-metrics",
        MetricName="feature_baseline_drift_age",
        Dimensions=[
            {"Name": "Endpoint", "Value": "Ep"},
            {"Name": "MonitoringSchedule", "Value": "watch"},
        ],
        Statistic="Maximum",
        Period=3600,
        Threshold=0.2,
        TreatMissingData="notBreaching",
        AlarmActions=[watch.topic("drifted")],
    )
    outcomes.ended(watch.means, job(watch, "near"), drifted(0.05))
    watch.after(3600)
    assert watch.state("drift") == "OK"
    outcomes.ended(watch.means, job(watch, "far"), drifted(0.6))
    watch.after(3600)
    assert watch.state("drift") == "ALARM"
    (told,) = watch.told()
    assert told["NewStateValue"] == "ALARM"
