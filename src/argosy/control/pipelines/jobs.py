"""Steps that are jobs of SageMaker's, models and model packages: begun, looked at, stopped."""

from typing import Any

from argosy import wire
from argosy.control.pipelines.kinds import JOBS, Job
from argosy.control.pipelines.naming import job_name
from argosy.control.pipelines.retrying import kind_of_error, kind_of_reason
from argosy.control.pipelines.run import Run
from argosy.ground.errors import ApiError
from argosy.ground.operations import Operations
from argosy.ground.pipelines import step as steps
from argosy.state import pipelines as state
from argosy.state.pipelines import StepState

_SERVICE = "sagemaker"
_MOST_TOP_JOBS = 50


class JobSteps:
    """Each call is made on behalf of the execution's role."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def begin(self, run: Run, arguments: dict[str, Any]) -> StepState:
        """The job's name belongs to the attempt: one that is there already is this step's own."""
        job, members = JOBS[run.step.type], _members(run, arguments)
        try:
            if run.step.type == steps.REGISTER:
                await self._group(run, members)
                members = _without_tags(members)
            answer = await self._ask(run, job.create, members)
        except ApiError as error:
            name = str(members.get(job.name, ""))
            there = await self._there(run, job, name)
            if there is None:
                return run.failed(_refused(job.create, error), kind_of_error(error))
            answer = there
        arn = str(answer[job.arn])
        name = str(members.get(job.name) or arn)
        begun = run.going_on(arn=arn, job=name, metadata={job.metadata: {"Arn": arn}})
        return begun if job.status else await self._made(run, job, begun)

    async def look(self, run: Run) -> StepState:
        """How it is by now; a job of an execution that is to stop is told so."""
        job, name = JOBS[run.step.type], run.state["job"]
        try:
            shown = await self._ask(run, job.describe, {job.name: name})
        except ApiError as error:
            if not error.sender_fault:
                return run.state  # the job goes on; it is looked at again
            return run.failed(_refused(job.describe, error))
        status, reason = shown[job.status], str(shown.get("FailureReason") or "")
        if status == "Completed":
            return run.succeeded(properties=await self._properties(run, name, shown))
        if status == "Failed":
            return run.failed(reason or f"The job {name} failed.", kind_of_reason(reason))
        if status == "Stopped":
            return run.stopped(**({"failure": reason} if reason else {}))
        if run.stopping and not run.state.get("stopping"):
            return await self._stop(run, job, name)
        return run.state

    async def _stop(self, run: Run, job: Job, name: str) -> StepState:
        try:
            await self._ask(run, job.stop, {job.name: name})
        except ApiError:
            return run.state  # it has just ended: the next look sees how
        return run.going_on(status=state.STOPPING, stopping=True)

    async def _made(self, run: Run, job: Job, begun: StepState) -> StepState:
        """What is there at once."""
        shown = await self._ask(run, job.describe, {job.name: begun["job"]})
        done = {"status": state.SUCCEEDED, "ended": run.now, "properties": shown}
        return {**begun, **done}

    async def _there(self, run: Run, job: Job, name: str) -> dict[str, Any] | None:
        """What an earlier try made before control was killed."""
        if not name:
            return None
        try:
            return await self._ask(run, job.describe, {job.name: name})
        except ApiError:
            return None

    async def _group(self, run: Run, members: dict[str, Any]) -> None:
        """A group of packages comes into being with its first version, and has the step's tags."""
        name = members.get("ModelPackageGroupName")
        if not name or str(name).startswith("arn:"):
            return
        asked: dict[str, Any] = {"ModelPackageGroupName": name}
        tags = {"Tags": members["Tags"]} if members.get("Tags") else {}
        try:
            await self._ask(run, "DescribeModelPackageGroup", asked)
        except ApiError:
            await self._ask(run, "CreateModelPackageGroup", {**asked, **tags})

    async def _properties(self, run: Run, name: str, shown: dict[str, Any]) -> dict[str, Any]:
        if run.step.type != steps.TUNING:
            return shown
        best = await self._ask(
            run,
            "ListTrainingJobsForHyperParameterTuningJob",
            {
                "HyperParameterTuningJobName": name,
                "SortBy": "FinalObjectiveMetricValue",
                "MaxResults": _MOST_TOP_JOBS,
            },
        )
        return {**shown, **best}

    async def _ask(self, run: Run, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        return await self._operations.call(_SERVICE, operation, members, run.asker)


def _members(run: Run, arguments: dict[str, Any]) -> dict[str, Any]:
    """The request; what the definition calls a name is the beginning of one, and a number may stand
    for a text: parameters of type Integer are hyperparameters, too."""
    job = JOBS[run.step.type]
    members = wire.with_texts(wire.load(_SERVICE), job.create, arguments)
    if run.step.type == steps.REGISTER:
        members["ClientToken"] = run.token[:36]
        if members.get("ModelPackageGroupName"):
            members.pop("ModelPackageName", None)
            return members
    prefix = str(members.get(job.name) or "")
    named = (run.record.document["id"], run.step.name, run.attempt)
    name = job_name(*named, prefix, job.longest)
    return {**members, job.name: name}


def _without_tags(members: dict[str, Any]) -> dict[str, Any]:
    """Those of a version are its group's."""
    versioned = bool(members.get("ModelPackageGroupName"))
    return {k: v for k, v in members.items() if not (versioned and k == "Tags")}


def _refused(operation: str, error: ApiError) -> str:
    return (
        f"ClientError: Failed to invoke sagemaker:{operation}. Error Details: {error.message} "
        f"({error.code})"
    )
