"""Numbers that jobs print, as their metric definitions find them. Pure.

Source: reference/container-contract.md §6, "Metrics and statuses".
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from argosy.state.record import Record
from argosy.state.training_jobs import FinalMetric
from argosy.telemetry.logs import Event
from argosy.telemetry.metrics import Datum, Sample, metric
from argosy.telemetry.patterns import BadPattern
from argosy.telemetry.patterns.numbers import Finder, compile_number

NAMESPACE = "/aws/sagemaker/TrainingJobs"
_MINUTE_MS = 60_000

Definitions = tuple[tuple[str, str], ...]
"""Name and regular expression of each metric."""


def definitions_of(record: Record) -> Definitions:
    given = record.document["asked"]["AlgorithmSpecification"].get("MetricDefinitions") or ()
    return tuple((one["Name"], one["Regex"]) for one in given)


def found_in(definitions: Definitions, events: Iterable[Event]) -> list[FinalMetric]:
    """Every number that is found, in the order of the events."""
    finders = _finders(definitions)
    found: list[FinalMetric] = []
    for event in events:
        for name, find in finders:
            value = find(event.message)
            if value is not None:
                found.append({"name": name, "value": value, "at": event.timestamp_ms / 1000})
    return found


def data_of(record: Record, found: Sequence[FinalMetric]) -> list[Datum]:
    """What is published of them: a sample for each minute of each metric."""
    minutes: dict[tuple[str, int], list[float]] = {}
    for one in found:
        minute = int(one["at"] * 1000) // _MINUTE_MS
        minutes.setdefault((one["name"], minute), []).append(one["value"])
    dimensions = {"TrainingJobName": record.name}
    return [
        Datum(
            metric(record.account, record.region, NAMESPACE, name, dimensions),
            minute * _MINUTE_MS / 1000,
            Sample.of_values(values),
        )
        for (name, minute), values in minutes.items()
    ]


@lru_cache(maxsize=256)
def _finders(definitions: Definitions) -> tuple[tuple[str, Finder], ...]:
    """Without those that are wrong, which no job has that was taken."""
    return tuple((name, finder) for name, regex in definitions if (finder := _finder(regex)))


def _finder(regex: str) -> Finder | None:
    try:
        return compile_number(regex)
    except BadPattern:
        return None
