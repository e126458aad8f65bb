"""What one run of the analysis is given and gives back: plain data, as it stands in JSON."""

from typing import Any, TypedDict


class Attributes(TypedDict):
    """Where a row holds what: a name, or a number from 0; "" where it is not given."""

    problem: str
    inference: str
    probability: str
    threshold: float
    """Probabilities above it mean the positive class."""
    truth: str


class Analysis(TypedDict):
    """One run. Places are S3 URIs; an empty one is not given."""

    sources: list[str]
    """Objects, or prefixes of objects, that together are the dataset."""
    format: dict[str, Any]
    """{"csv": {"header": bool}}, {"json": {"lines": bool}}, {"parquet": {}} or
    {"sagemakerCaptureJson": {"captureIndexNames": […]}}: the container's dataset_format."""
    statistics: str
    """The baseline's statistics.json."""
    constraints: str
    """The baseline's constraints.json; without it nothing is compared."""
    output: str
    """Prefix under which the files are written."""
    start: float | None
    """Captured data of [start, end) only; epoch seconds, None: all."""
    end: float | None
    exclude: list[str]
    """Names of columns that are left out."""
    drift_method: str
    """The categorical_drift_method of the constraints that are suggested, "" for LInfinity."""
    quality: Attributes | None
    """Given: predictions are compared with the truth, instead of data with a baseline's."""
    ground_truth: list[str]
    """Prefixes of the truth for captured answers; none where the dataset holds it."""
    memory_mb: int
    """What the process may take at most."""


class MetricValue(TypedDict):
    """One metric of a run, as a CloudWatch statistic set."""

    name: str
    count: float
    total: float
    minimum: float
    maximum: float


class Result(TypedDict):
    """What came of it. With a `failure` the rest is empty."""

    failure: str
    violations: int | None
    """How many; None when there was nothing to compare with."""
    rows: int
    skipped: int
    """Records that could not be read as a row."""
    metrics: list[MetricValue]


class BadData(Exception):
    """The dataset cannot be analysed; the sentence goes into the job's failure reason."""


def failed(reason: str) -> Result:
    return {"failure": reason, "violations": None, "rows": 0, "skipped": 0, "metrics": []}
