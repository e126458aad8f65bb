"""What a worker does with one payload, timed in this process with the worker's own code."""

import time
from collections.abc import Callable
from typing import Any

import joblib

from argosy.runtimes import decoders, encoders
from argosy.runtimes.media import CSV
from bench import table
from bench.batch_results import Payload
from bench.figures import median
from bench.payloads import PAYLOAD
from bench.table import Subject

_TIMES = 5


def measure(subject: Subject) -> Payload:
    """Medians of a few payloads of 6 MB."""
    model = joblib.load(subject.saved)
    line_end = (table.as_csv(table.block()) * 2).rfind(b"\n", 0, PAYLOAD) + 1
    body = (table.as_csv(table.block()) * 2)[:line_end]
    merged = decoders.decode_together(CSV, [body])
    assert merged is not None
    predictions = model.predict(merged.matrix)
    return Payload(
        model=subject.title,
        rows=len(predictions),
        decode=_seconds(lambda: decoders.decode_together(CSV, [body])),
        predict=_seconds(lambda: model.predict(merged.matrix)),
        encode=_seconds(
            lambda: encoders.encode_each(predictions, [len(predictions)], [False], CSV)
        ),
    )


def _seconds(work: Callable[[], Any]) -> float:
    taken = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return median(taken)
