"""Create…Job: the record says InProgress, and control has the job done. It begins nothing here."""

from collections.abc import Mapping

from argosy.ground.errors import ResourceInUse
from argosy.services.registry import Call
from argosy.services.sagemaker.finding import arn_of
from argosy.services.sagemaker.tags import set_tags
from argosy.state import job_statuses
from argosy.state.state_changes import announce
from argosy.state.training_jobs import TRAINING_JOB
from argosy.state.tuning_jobs import TUNING_JOB

_TAKEN = (
    "Job name must be unique within an AWS account and region, and a job with this name already "
    "exists ({arn})."
)
_TAKEN_OF = {
    TRAINING_JOB: "Training job names must be unique within an AWS account and region, and a "
    "training job with this name already exists ({arn})",
    TUNING_JOB: "Hyperparameter tuning job names must be unique within an AWS account and region, "
    "and a job with this name already exists ({arn}).",
}
"""Where SageMaker says it in other words."""


def refuse_taken_job(call: Call, kind: str, name: str) -> None:
    """Raise ResourceInUse when the name is taken, in whatever case."""
    if call.records.get_any_case(kind, call.caller.account, call.caller.region, name):
        raise ResourceInUse(_TAKEN_OF.get(kind, _TAKEN).format(arn=arn_of(call, kind, name)))


def begin_job(
    call: Call,
    kind: str,
    document: Mapping[str, object],
    tags: list[dict[str, str]] | None,
    now: float,
) -> None:
    """Within the transaction in which the document's name was found to be free."""
    record = call.records.create(
        kind,
        call.caller.account,
        call.caller.region,
        str(document["name"]),
        dict(document),
        now=now,
        status=job_statuses.IN_PROGRESS,
    )
    set_tags(call, str(document["arn"]), tags)
    announce(call.records, record, now)
