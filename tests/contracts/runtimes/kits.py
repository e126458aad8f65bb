"""A model of each runtime, what it predicts locally, and ways to have a worker serve it."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import joblib
import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tests.support.worker_client import Worker, WorkerClient

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"


@dataclass(frozen=True)
class Kit:
    """One runtime: how to save a model of its framework, and what that model predicts locally."""

    runtime: str
    rows: Any
    """Float rows that the model takes."""
    predictions: Any
    save: Callable[[Path], None]
    """Write the archive's content, without a script."""


def sklearn_kit() -> Kit:
    rows, labels = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(rows, labels)
    return Kit(
        "sklearn",
        rows,
        model.predict(rows),
        lambda folder: joblib.dump(model, folder / "model.joblib"),
    )


KITS = {"sklearn": sklearn_kit}


class Scripted:
    """A worker that serves the kit's model through a script."""

    def __init__(self, worker: Worker, folder: Path, kit: Kit) -> None:
        self.worker = worker
        self.model_dir = folder / "model"
        (self.model_dir / "code").mkdir(parents=True)
        kit.save(self.model_dir)

    def load(self, code: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
        (self.model_dir / "code" / "inference.py").write_text(dedent(code))
        with self.worker.connect() as client:
            return client.load(self.model_dir, environment)

    def serve(self, code: str, environment: dict[str, str] | None = None) -> WorkerClient:
        assert self.load(code, environment) == {"ok": True}
        return self.worker.connect()


def as_csv(rows: Any) -> bytes:
    return "".join(",".join(map(repr, row)) + "\n" for row in rows.tolist()).encode()


def as_npy(rows: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, rows)
    return stream.getvalue()


def as_json(rows: Any) -> bytes:
    return json.dumps(rows.tolist()).encode()
