"""The one model everybody serves: logistic regression on iris, one row a request."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from bench.figures import percentile

ROWS = 64


@dataclass(frozen=True)
class Sample:
    """One request's row and the class the model gives it."""

    row: list[float]
    expected: int


def train(path: Path) -> Any:
    """Fit the model and save it as a joblib file at `path`; returns the model."""
    data = load_iris()
    model = LogisticRegression(max_iter=1000).fit(data.data, data.target)
    joblib.dump(model, path)
    return model


def samples(model: Any) -> list[Sample]:
    """`ROWS` rows of iris spread over its three classes, with the model's own answers."""
    rows = load_iris().data
    chosen = [rows[i * len(rows) // ROWS] for i in range(ROWS)]
    answers = model.predict(chosen)
    return [
        Sample(row=row.tolist(), expected=int(answer))
        for row, answer in zip(chosen, answers, strict=True)
    ]


def in_process_p50(model: Any, seconds: float = 1.0) -> float:
    """Median microseconds of `model.predict` on one row, in this interpreter."""
    rows = [[row] for row in load_iris().data.tolist()]
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        model.predict(rows[len(taken) % len(rows)])
        taken.append((time.perf_counter() - began) * 1e6)
    return percentile(sorted(taken), 50)
