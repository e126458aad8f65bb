"""The tables of `script/bench batch`: speed, where the time goes, memory along a long input."""

from collections.abc import Sequence
from dataclasses import asdict

from bench.batch_results import ARGOSY, BY_HAND, WATCHED, Long, Payload, Ran, of, times, verdicts
from bench.parts import KINDS
from bench.report import Report

_PARTS = 8


def reports(
    machine: str, rows: int, found: Sequence[Ran], inside: Sequence[Payload], long: Long
) -> list[Report]:
    """Three tables; the targets are with the first."""
    return [
        _speed(machine, rows, found, long),
        _time(machine, found, inside),
        _memory(machine, long),
    ]


def _speed(machine: str, rows: int, found: Sequence[Ran], long: Long) -> Report:
    return Report(
        name="batch",
        title=f"Batch: {rows:,} rows × 20 columns of CSV",
        machine=machine,
        columns=("model", "way", "seconds", "rows/s", "of the loop by hand"),
        rows=tuple(_speed_row(ran, found) for ran in found),
        notes=(
            "Argosy's seconds are from CreateTransformJob being sent to DescribeTransformJob saying"
            " Completed, starting instances included (a small job goes"
            " before); the loop's and MLflow's are without imports, the container's without start."
            " Argosy reads from its store and writes to it; on this machine the store, the porter"
            " and the worker share the cores.",
        ),
        verdicts=verdicts(found, long),
        figures=[asdict(ran) for ran in found],
    )


def _speed_row(ran: Ran, found: Sequence[Ran]) -> tuple[str, ...]:
    if ran.per_second is None:
        return (ran.model, ran.way, "-", "-", ran.reason)
    share = times(found, ran.model, ran.way, BY_HAND)
    return (
        ran.model,
        ran.way,
        f"{ran.seconds:.2f}",
        f"{ran.per_second:,.0f}",
        "-" if share is None else f"{share:.2f}×",
    )


def _time(machine: str, found: Sequence[Ran], inside: Sequence[Payload]) -> Report:
    rows: list[tuple[str, ...]] = []
    for payload in inside:
        for name in ("decode", "predict", "encode"):
            per_million = getattr(payload, name) / payload.rows * 1e6
            rows.append((payload.model, f"in the worker: {name}", f"{per_million:.2f}"))
        rows += _spent(of(found, payload.model, ARGOSY))
        rows += _spent(of(found, payload.model, BY_HAND), "the loop by hand: ")
    return Report(
        name="batch-time",
        title="Batch: where the time goes, one instance",
        machine=machine,
        columns=("model", "part", "seconds per million rows"),
        rows=tuple(rows),
        notes=(
            "Decode, predict and encode: the worker's own code with one payload of 6 MB. Of the"
            " processes: processor time from the job's creation to its end, starting included;"
            " the porter reads, cuts, hands over and writes.",
        ),
        figures=[asdict(payload) for payload in inside],
    )


def _spent(ran: Ran | None, before: str = "processor: ") -> list[tuple[str, ...]]:
    if ran is None or ran.parts is None:
        return []
    order = [kind for kind, _ in KINDS]
    names = sorted(ran.parts, key=lambda name: order.index(name) if name in order else _PARTS)
    return [(ran.model, before + name, f"{ran.parts[name] / ran.rows * 1e6:.2f}") for name in names]


def _memory(machine: str, long: Long) -> Report:
    rows = [_memory_row(kind, long) for kind in (*WATCHED, "agent", "edge", "store")]
    note = (
        f"{long.rows:,} rows in {long.seconds:.1f} s, one instance." if long.rows else long.reason
    )
    return Report(
        name="batch-memory",
        title=f"Batch: memory along one object of {long.gigabytes:g} GB",
        machine=machine,
        columns=("process", "first third", "second third", "last third"),
        rows=tuple(rows),
        notes=(note, "Peaks in MiB (RSS) of all processes of a kind together."),
        figures={"rows": long.rows, "seconds": long.seconds, "memory": long.seen.memory},
    )


def _memory_row(kind: str, long: Long) -> tuple[str, ...]:
    peaks = [long.seen.peak(kind, part / 3, (part + 1) / 3) for part in range(3)]
    return (kind, *("-" if peak is None else f"{peak:,.0f}" for peak in peaks))
