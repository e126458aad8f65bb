"""What a run of a schedule came to: into its record, and to CloudWatch. Within one transaction.

Source: the developer guide, "CloudWatch Metrics" of Model Monitor.
"""

import logging
import math

from argosy.control.means import Means
from argosy.monitor.analysis import MetricValue, Result
from argosy.state import job_statuses, monitoring
from argosy.state.monitoring import EXECUTION
from argosy.state.records import Record
from argosy.telemetry.metrics import Datum, Sample, TooManySeries, metric

log = logging.getLogger(__name__)

NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"
OF_MODELS = "aws/sagemaker/Endpoints/model-metrics"
_STATUSES = {job_statuses.FAILED: monitoring.FAILED, job_statuses.STOPPED: monitoring.STOPPED}


def ended(means: Means, job: Record, result: Result | None) -> None:
    """A processing job has ended; one that is nobody's run changes nothing."""
    monitored = job.document.get("monitoring")
    if monitored is None:
        return
    execution = means.records.get(EXECUTION, job.account, job.region, monitored["execution"])
    if execution is not None:
        document = {**execution.document, "failure_reason": job.document["failure_reason"]}
        if result is not None and result["violations"] is not None:
            document["violations"] = result["violations"]
        status = _status(job.status, result)
        means.records.update(execution, now=job.modified, document=document, status=status)
    enabled = job.document["asked"]["Environment"].get("publish_cloudwatch_metrics") != "Disabled"
    if result is not None and enabled:
        _publish(means, job, result)


def _status(job_status: str, result: Result | None) -> str:
    if job_status != job_statuses.COMPLETED:
        return _STATUSES[job_status]
    violated = result is not None and bool(result["violations"])
    return monitoring.WITH_VIOLATIONS if violated else monitoring.COMPLETED


def _publish(means: Means, job: Record, result: Result) -> None:
    """At the time of the run's end, so that an alarm sees it at its next look."""
    monitored = job.document["monitoring"]
    dimensions = {
        "Endpoint": monitored["endpoint"],
        "MonitoringSchedule": monitored["schedule"],
    }
    of_models = job.document["asked"]["Environment"].get("analysis_type") == "MODEL_QUALITY"
    namespace = OF_MODELS if of_models else NAMESPACE
    data = [
        Datum(
            metric(job.account, job.region, namespace, value["name"][:255], dimensions),
            job.modified,
            Sample.of_statistics(
                value["count"], value["total"], value["minimum"], value["maximum"]
            ),
        )
        for value in result["metrics"]
        if _is_finite(value)
    ]
    try:
        means.metrics.put_all(data)
    except TooManySeries as error:
        log.warning("the metrics of %s are not kept: %s", job.name, error)


def _is_finite(value: MetricValue) -> bool:
    return all(map(math.isfinite, (value["total"], value["minimum"], value["maximum"])))
