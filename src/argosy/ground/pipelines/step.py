"""A step of a pipeline, a parameter and what belongs to them: plain data."""

from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

TRAINING = "Training"
PROCESSING = "Processing"
TRANSFORM = "Transform"
TUNING = "Tuning"
MODEL = "Model"
REGISTER = "RegisterModel"
LAMBDA = "Lambda"
CALLBACK = "Callback"
CONDITION = "Condition"
FAIL = "Fail"

TYPES = (
    TRAINING,
    PROCESSING,
    TRANSFORM,
    TUNING,
    MODEL,
    REGISTER,
    LAMBDA,
    CALLBACK,
    CONDITION,
    FAIL,
)
CACHEABLE = (TRAINING, PROCESSING, TRANSFORM, TUNING, LAMBDA, CALLBACK)


@dataclass(frozen=True)
class Parameter:
    """What an execution may be given."""

    name: str
    type: str
    """String, Integer, Float or Boolean."""
    default: Any = None
    allowed: tuple[Any, ...] = ()
    """Empty: anything."""


@dataclass(frozen=True)
class Retry:
    """When a failed attempt is followed by another one."""

    kinds: tuple[str, ...]
    """"Step.THROTTLING", "SageMaker.JOB_INTERNAL_ERROR", …"""
    interval_s: float = 1.0
    backoff: float = 2.0
    most: int | None = None
    """Attempts after the first one."""
    expire_s: float | None = None
    """Since the first attempt began."""


@dataclass(frozen=True)
class Output:
    """A value that a function or a callback gives back."""

    name: str
    type: str


@dataclass(frozen=True)
class Step:
    """One step; those within conditions stand beside the others."""

    name: str
    type: str
    arguments: dict[str, Any]
    needs: frozenset[str] = frozenset()
    """Steps that must have succeeded: named, and referred to."""
    within: tuple[str, bool] | None = None
    """The condition step and the outcome with which this one runs."""
    display_name: str = ""
    description: str = ""
    cache_s: float | None = None
    """How old an earlier execution of it may be to stand for this one; None: no cache."""
    retries: tuple[Retry, ...] = ()
    property_files: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name → (the job's output, the path below it)."""
    function: Any = ""
    """ARN of a Lambda function, or a reference to it."""
    queue: Any = ""
    """URL of a callback's queue, or a reference to it."""
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True)
class Definition:
    """A pipeline that was understood."""

    parameters: dict[str, Parameter]
    steps: dict[str, Step]
    """In the order in which they are written."""
    experiment: Any = None

    def in_order(self) -> list[str]:
        """The names of the steps, each after those that it waits for. Raises graphlib.CycleError
        when steps wait for each other."""
        return list(
            TopologicalSorter({n: _before(s) for n, s in self.steps.items()}).static_order()
        )


def _before(step: Step) -> frozenset[str]:
    return step.needs | ({step.within[0]} if step.within else frozenset())
