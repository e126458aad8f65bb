"""Training jobs as a whole: the reconciler, and what people ask of jobs beside AWS's API."""

from collections.abc import Mapping
from typing import Any

from argosy.control.job_access import inside_of
from argosy.control.means import Means
from argosy.control.training.measuring import Measuring
from argosy.control.training.pools import Pools
from argosy.control.training.reconciler import TrainingReconciler
from argosy.ground.errors import ArgosyError
from argosy.state import job_statuses
from argosy.state import training_jobs as jobs
from argosy.state.record import Record
from argosy.state.training_jobs import TRAINING_JOB


class Training:
    """What control resets and reports on; the loop activates `reconciler`."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._pools = Pools(means.records, means.data_dir.warm_pools)
        self.reconciler = TrainingReconciler(
            means.records,
            means.backend,
            means.clock,
            means.settings,
            means.store,
            Measuring(means.records, means.metrics, means.data_dir.logs),
            self._pools,
            self._inside,
        )

    def reports(self) -> list[dict[str, Any]]:
        """The jobs under way, for `argosy status`."""
        now = self._means.clock.now()
        found = self._means.records.find(TRAINING_JOB, statuses=job_statuses.UNFINISHED)
        return [_report(record, now) for record in found]

    async def interrupt(self, account: str, body: dict[str, Any]) -> dict[str, Any]:
        """{"job", "region"} → {"run"}: take a spot job's instances away, as AWS may at any time.

        Raises ArgosyError when there is nothing that could be taken.
        """
        name, region = str(body.get("job") or ""), str(body.get("region") or "")
        records = self._means.records
        with records.transaction():
            record = records.get(TRAINING_JOB, account, region or self._means.settings.region, name)
            run = _interruptible(name, record)
            assert record is not None
            document = {**record.document, "interrupt": run}
            records.update(record, now=self._means.clock.now(), document=document)
        return {"run": run}

    async def reset(self) -> None:
        """Every job is gone; so are the folders of their warm pools."""
        await self._pools.reset()

    def _inside(self, record: Record) -> Mapping[str, str]:
        """Variables by which the algorithm reaches this platform as the job's role."""
        return inside_of(self._means, record, jobs.most_seconds(record.document["asked"]))


def _interruptible(name: str, record: Record | None) -> str:
    """The id of the run; raises ArgosyError."""
    if record is None:
        raise ArgosyError(f"There is no training job {name}.")
    if not record.document["asked"].get("EnableManagedSpotTraining"):
        raise ArgosyError(f"{name} is no managed spot training job: nothing interrupts it.")
    run = record.document["run"]
    if not run or record.status != job_statuses.IN_PROGRESS:
        raise ArgosyError(f"{name} is {record.document['secondary']} and has no instances.")
    return str(run["id"])


def _report(record: Record, now: float) -> dict[str, Any]:
    document = record.document
    run = document["run"]
    ran = now - run["started"] if run and "started" in run else 0.0
    return {
        "name": record.name,
        "account": record.account,
        "region": record.region,
        "status": record.status,
        "secondary_status": document["secondary"],
        "message": document["transitions"][-1]["message"],
        "instances": jobs.host_count(document["asked"]),
        "seconds": round(document["ran_s"] + ran, 1),
        "metrics": {one["name"]: one["value"] for one in document["metrics"].values()},
    }
