"""Whether a failed attempt of a step is followed by another one, and when. Pure.

Kinds of failures are those of SageMaker's retry policies. Failures of the service and throttling
are tried again whatever the definition says, as SageMaker does.
"""

from argosy.ground.errors import ApiError, ResourceLimitExceeded, ThrottlingException
from argosy.ground.pipelines.step import Retry

SERVICE_FAULT = "Step.SERVICE_FAULT"
THROTTLING = "Step.THROTTLING"
INTERNAL_ERROR = "SageMaker.JOB_INTERNAL_ERROR"
CAPACITY_ERROR = "SageMaker.CAPACITY_ERROR"
RESOURCE_LIMIT = "SageMaker.RESOURCE_LIMIT"

_MOST_DOUBLINGS = 100

ALWAYS = Retry(kinds=(SERVICE_FAULT, THROTTLING), interval_s=1.0, backoff=2.0, most=5)

_REASONS = (
    ("InternalServerError", INTERNAL_ERROR),
    ("CapacityError", CAPACITY_ERROR),
    ("ResourceLimitExceeded", RESOURCE_LIMIT),
)


def kind_of_error(error: ApiError) -> str:
    """What a refused call is for a policy; "" for what no policy knows."""
    if isinstance(error, ThrottlingException):
        return THROTTLING
    if isinstance(error, ResourceLimitExceeded):
        return RESOURCE_LIMIT
    return SERVICE_FAULT if error.status >= 500 else ""


def kind_of_reason(reason: str) -> str:
    """What a job's FailureReason is for a policy."""
    return next((kind for word, kind in _REASONS if word in reason), "")


def next_attempt(
    policies: tuple[Retry, ...], kind: str, attempt: int, first: float, now: float
) -> float | None:
    """When another attempt begins; None: there is none.

    attempt: how many there have been. first: when the first began. Times in epoch seconds.
    """
    for policy in (*policies, ALWAYS):
        if kind not in policy.kinds:
            continue
        # Attempts without an end in number have one in time: their exponent is bounded, too.
        after = now + policy.interval_s * policy.backoff ** min(attempt - 1, _MOST_DOUBLINGS)
        if policy.most is not None and attempt > policy.most:
            return None
        if policy.expire_s is not None and after > first + policy.expire_s:
            return None
        return after
    return None
