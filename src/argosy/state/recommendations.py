"""Inference recommendations jobs: what shall be loaded, and what came of it."""

from typing import Any, NotRequired, TypedDict

from argosy.state.endpoints import Deployment

RECOMMENDATIONS_JOB = "inference-recommendations-job"

PENDING = "PENDING"
IN_PROGRESS = "IN_PROGRESS"
COMPLETED = "COMPLETED"
FAILED = "FAILED"
STOPPING = "STOPPING"
STOPPED = "STOPPED"

FINISHED = frozenset({COMPLETED, FAILED, STOPPED})


class Test(TypedDict):
    """One endpoint that is loaded."""

    endpoint: str
    variant: str
    """"" for the only one of an endpoint that was there before."""
    deployment: Deployment | None
    """What the job deploys for the test; None for an endpoint that was there before."""
    instance_type: str
    status: str
    reason: str
    started: NotRequired[float]
    ended: NotRequired[float]
    setup_s: NotRequired[float]
    rate: NotRequired[float]
    """The highest that kept the goal, requests a second and instance."""
    latency_ms: NotRequired[float]
    """The goal's percentile at that rate."""


class RecommendationsDocument(TypedDict):
    """A job; its status stands in the record's own column."""

    name: str
    arn: str
    asked: dict[str, Any]
    """The members of CreateInferenceRecommendationsJob, without its tags."""
    payload: str
    """S3 URI of the archive with the bodies to send."""
    content_type: str
    goal: str
    """As `argosy loadtest --latency` has it."""
    most: float | None
    """Requests a second not to go beyond."""
    seconds: float
    """How long one test may search."""
    tests: list[Test]
    failure_reason: str
    ended: float | None
