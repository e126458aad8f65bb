"""What `script/bench batch` found out, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.figures import ratio
from bench.parts import Seen
from bench.results import Verdict, at_least, at_most

BY_HAND = "pyarrow and predict by hand, local files, one core"
BY_HAND_S3 = "the same from and to Argosy's store, by boto3"
MLFLOW = "MLflow, mlflow models predict"
CONTAINER = "nginx + gunicorn + flask + pandas, 6 MB payloads"
ARGOSY = "Argosy, one instance"
ARGOSY_TWO = "Argosy, two instances"

WATCHED = ("porter", "worker", "control")
_FLAT_MIB = 16.0


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One way to predict the table with one model."""

    way: str
    model: str
    rows: int
    seconds: float = 0.0
    parts: dict[str, float] | None = None
    """Seconds by what was done in them, where the way tells; processor seconds for Argosy."""
    reason: str = ""
    """Why there are no figures."""

    @property
    def per_second(self) -> float | None:
        return self.rows / self.seconds if self.seconds else None


@dataclass(frozen=True, kw_only=True)
class Payload:
    """Seconds a worker spends on one payload of 6 MB."""

    model: str
    rows: int
    decode: float
    predict: float
    encode: float


@dataclass(frozen=True, kw_only=True)
class Long:
    """One object of many gigabytes through one instance."""

    gigabytes: float
    rows: int = 0
    seconds: float = 0.0
    seen: Seen = field(default_factory=Seen)
    reason: str = ""


def of(found: Sequence[Ran], model: str, way: str) -> Ran | None:
    """The run of that way with that model."""
    return next((ran for ran in found if (ran.model, ran.way) == (model, way)), None)


def times(found: Sequence[Ran], model: str, way: str, other: str) -> float | None:
    """Rows a second of one way over another's; None when either was not measured."""
    mine, theirs = of(found, model, way), of(found, model, other)
    if mine is None or theirs is None:
        return None
    return ratio(mine.per_second, theirs.per_second)


def verdicts(found: Sequence[Ran], long: Long) -> tuple[Verdict, ...]:
    """Speed for each model, and memory along the long input."""
    models = dict.fromkeys(ran.model for ran in found)
    speed = [
        verdict
        for model in models
        for verdict in (
            at_least(
                f"{model}: rows/s over the loop's", 0.8, times(found, model, ARGOSY, BY_HAND), "×"
            ),
            at_least(
                f"{model}: two instances over one",
                1.7,
                times(found, model, ARGOSY_TWO, ARGOSY),
                "×",
            ),
        )
    ]
    memory = [
        at_most(f"{kind} grows over the last third", _FLAT_MIB, long.seen.growth(kind), "MiB")
        for kind in WATCHED
    ]
    return (*speed, *memory)
