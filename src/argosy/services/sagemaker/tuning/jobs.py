"""The operations of hyperparameter tuning jobs."""

from typing import Any

from argosy.ground.errors import ResourceNotFound, ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.beginning import begin_job, refuse_taken_job
from argosy.services.sagemaker.finding import arn_of
from argosy.services.sagemaker.job_ends import delete_job, stop_job
from argosy.services.sagemaker.job_images import image_of_job
from argosy.services.sagemaker.listing import answer, page_of
from argosy.services.sagemaker.pages import one_page
from argosy.services.sagemaker.tags import check_tags
from argosy.services.sagemaker.tuning.rules import check_tuning
from argosy.services.sagemaker.tuning.view import description, shown_trial, summary
from argosy.state import job_statuses
from argosy.state.records import Record
from argosy.state.tuning_jobs import (
    TUNING_JOB,
    Earlier,
    TuningDocument,
    definitions_of,
    maximizes,
    objectives_of,
    result_of,
)


@operation("sagemaker", "CreateHyperParameterTuningJob")
def create_hyper_parameter_tuning_job(call: Call) -> dict[str, Any]:
    asked = dict(call.input)
    name, tags = asked["HyperParameterTuningJobName"], asked.pop("Tags", None)
    check_tags(tags)
    check_tuning(asked, call.settings.job_instances)
    for definition in definitions_of(asked):
        image_of_job(call, definition["AlgorithmSpecification"]["TrainingImage"])
    arn = arn_of(call, TUNING_JOB, name)
    with call.records.transaction():
        refuse_taken_job(call, TUNING_JOB, name)
        document: TuningDocument = {
            "name": name,
            "arn": arn,
            "asked": asked,
            "tags": tags or [],
            "trials": [],
            "earlier": _earlier(call, asked),
            "failure_reason": "",
        }
        begin_job(call, TUNING_JOB, document, tags, call.clock.now())
    return {"HyperParameterTuningJobArn": arn}


@operation("sagemaker", "DescribeHyperParameterTuningJob")
def describe_hyper_parameter_tuning_job(call: Call) -> dict[str, Any]:
    return description(call, _found(call))


@operation("sagemaker", "ListHyperParameterTuningJobs")
def list_hyper_parameter_tuning_jobs(call: Call) -> dict[str, Any]:
    page = page_of(call, TUNING_JOB)
    shown = [summary(record) for record in page.records]
    return answer("HyperParameterTuningJobSummaries", shown, page)


@operation("sagemaker", "StopHyperParameterTuningJob")
def stop_hyper_parameter_tuning_job(call: Call) -> dict[str, Any]:
    """Its training jobs are stopped."""
    with call.records.transaction():
        stop_job(call, _found(call))
    return {}


@operation("sagemaker", "DeleteHyperParameterTuningJob")
def delete_hyper_parameter_tuning_job(call: Call) -> dict[str, Any]:
    """Its training jobs stay."""
    with call.records.transaction():
        delete_job(call, _found(call))
    return {}


@operation("sagemaker", "ListTrainingJobsForHyperParameterTuningJob")
def list_training_jobs_for_hyper_parameter_tuning_job(call: Call) -> dict[str, Any]:
    """By the objective's value: the best first, unless SortOrder says otherwise."""
    record, asked = _found(call), call.input
    wanted, order = asked.get("StatusEquals"), asked.get("SortBy") or "Name"
    shown = [shown_trial(call, record, one) for one in record.document["trials"]]
    found = [one for one in shown if one and wanted in (None, one["TrainingJobStatus"])]
    # Without a SortOrder the best come first, whichever way the objective goes.
    best_last = order == "FinalObjectiveMetricValue" and maximizes(record.document["asked"])
    direction = asked.get("SortOrder") or ("Descending" if best_last else "Ascending")
    if order == "FinalObjectiveMetricValue":
        found = [one for one in found if "FinalHyperParameterTuningJobObjectiveMetric" in one]
    page, following = one_page(
        found,
        lambda one: (_sorted_by(one, order), one["TrainingJobName"]),
        order=order,
        descending=direction == "Descending",
        limit=asked.get("MaxResults") or 10,
        token=asked.get("NextToken"),
    )
    return {"TrainingJobSummaries": page, **({"NextToken": following} if following else {})}


def _sorted_by(one: dict[str, Any], order: str) -> Any:
    if order == "FinalObjectiveMetricValue":
        return one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    return {
        "Name": one["TrainingJobName"],
        "CreationTime": one["CreationTime"],
        "Status": one["TrainingJobStatus"],
    }[order]


def _earlier(call: Call, asked: dict[str, Any]) -> list[Earlier]:
    """What the parents of a warm start found out. Raises ValidationException."""
    found: list[Earlier] = []
    objectives = objectives_of(asked)
    parents = (asked.get("WarmStartConfig") or {}).get("ParentHyperParameterTuningJobs") or ()
    for parent in parents:
        name = parent.get("HyperParameterTuningJobName") or ""
        record = call.records.get(TUNING_JOB, call.caller.account, call.caller.region, name)
        if record is None or record.status not in job_statuses.FINISHED:
            raise ValidationException(
                f"The parent tuning job {name!r} of WarmStartConfig must be there and be over."
            )
        if objectives_of(record.document["asked"]) != objectives:
            raise ValidationException(
                f"The objective metric of the parent tuning job {name!r} of WarmStartConfig is "
                "another one; it must be the same, with the same Type."
            )
        found += record.document["earlier"]
        found += [
            {"job": one["job"], "hyperparameters": one["hyperparameters"], "value": value}
            for one in record.document["trials"]
            if (value := result_of(one)) is not None
        ]
    return found


def _found(call: Call) -> Record:
    """Raises ResourceNotFound."""
    name = call.input["HyperParameterTuningJobName"]
    record = call.records.get(TUNING_JOB, call.caller.account, call.caller.region, name)
    if record is None:
        arn = arn_of(call, TUNING_JOB, name)
        raise ResourceNotFound(f"Amazon SageMaker can't find a tuning job: {arn}")
    return record
