"""The training jobs of trials: created, looked at, stopped. Each is created once."""

from typing import Any

from argosy.control.means import Means
from argosy.ground.errors import ApiError, ResourceInUse
from argosy.ground.operations import Asker
from argosy.state import training_jobs, tuning_jobs
from argosy.state.job_statuses import FAILED, FINISHED, STOPPING
from argosy.state.records import Record, Stale
from argosy.state.training_jobs import TRAINING_JOB
from argosy.state.tuning_jobs import Trial

_TRIES = 5
_NEVER = "Stopped"


class TrainingJobs:
    def __init__(self, means: Means) -> None:
        self._means = means

    async def look(self, tuning: Record, trial: Trial, stopping: bool) -> Trial:
        """The trial as it is by now. One without a training job gets one, unless the tuning job is
        to stop. Raises ApiError for a training job that is refused."""
        if trial["status"] in FINISHED:
            return trial
        job = self._job(tuning, trial)
        if job is None and trial["status"]:
            return {**trial, "status": FAILED, "reason": "The training job was deleted."}
        if job is None and stopping:
            return {**trial, "status": _NEVER}
        if job is None:
            await self._create(tuning, trial)
            job = self._job(tuning, trial)
        assert job is not None
        self._tell_whose(tuning, trial, job)
        return _seen(tuning, trial, job)

    async def stop(self, tuning: Record, trials: list[Trial]) -> None:
        for trial in trials:
            job = self._job(tuning, trial)
            if job is None or job.status in (*FINISHED, STOPPING):
                continue
            try:
                members = {"TrainingJobName": trial["job"]}
                await self._ask(tuning, trial, "StopTrainingJob", members)
            except ApiError:  # it has just ended
                continue

    async def _create(self, tuning: Record, trial: Trial) -> None:
        document: Any = tuning.document
        asked = tuning_jobs.training_request(
            document["asked"], trial["job"], trial["definition"], trial["hyperparameters"]
        )
        if document["tags"]:
            asked["Tags"] = document["tags"]
        try:
            await self._ask(tuning, trial, "CreateTrainingJob", asked)
        except ResourceInUse:  # by this, before control was killed: the name is the trial's own
            if self._job(tuning, trial) is None:
                raise

    async def _ask(
        self, tuning: Record, trial: Trial, operation: str, members: dict[str, Any]
    ) -> None:
        definition = tuning_jobs.definitions_of(tuning.document["asked"])[trial["definition"]]
        asker = Asker(tuning.account, tuning.region, definition["RoleArn"], "SageMakerTuning")
        await self._means.operations.call("sagemaker", operation, members, asker)

    def _tell_whose(self, tuning: Record, trial: Trial, job: Record) -> None:
        """Write into the training job which tuning job it belongs to, if nobody has."""
        definition = tuning_jobs.definitions_of(tuning.document["asked"])[trial["definition"]]
        tuned_by: training_jobs.TunedBy = {
            "name": tuning.name,
            "arn": tuning.document["arn"],
            "definition": definition.get("DefinitionName") or "",
            "hyperparameters": trial["hyperparameters"],
        }
        records, now = self._means.records, self._means.clock.now()
        for _ in range(_TRIES):
            if job.document.get("tuned_by"):
                return
            try:
                training_jobs.tune(records, job, tuned_by, now)
                return
            except Stale:  # its reconciler was quicker
                job = self._job(tuning, trial) or job

    def _job(self, tuning: Record, trial: Trial) -> Record | None:
        return self._means.records.get(TRAINING_JOB, tuning.account, tuning.region, trial["job"])


def _seen(tuning: Record, trial: Trial, job: Record) -> Trial:
    asked = tuning.document["asked"]
    definition = tuning_jobs.definitions_of(asked)[trial["definition"]]
    metric = tuning_jobs.objective_of(asked, definition).get("MetricName")
    told = [one["value"] for one in job.document["metrics"].values() if one["name"] == metric]
    seen: Trial = {**trial, "status": job.status, "value": told[-1] if told else None}
    if job.document["failure_reason"]:
        seen["reason"] = job.document["failure_reason"]
    return seen
