"""A kit of each runtime, and ways to have a worker serve its model and to write its rows."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np

from tests.contracts.runtimes.kit import Kit
from tests.contracts.runtimes.kit_catboost import catboost_kit
from tests.contracts.runtimes.kit_lightgbm import lightgbm_kit
from tests.contracts.runtimes.kit_onnx import onnx_kit
from tests.contracts.runtimes.kit_sklearn import sklearn_kit
from tests.contracts.runtimes.kit_torch import torch_kit
from tests.contracts.runtimes.kit_xgboost import xgboost_kit
from tests.support.worker_client import Worker, WorkerClient

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
LIBSVM = "text/libsvm"


KITS: dict[str, Callable[[], Kit]] = {
    "catboost": catboost_kit,
    "lightgbm": lightgbm_kit,
    "onnx": onnx_kit,
    "pytorch": torch_kit,
    "sklearn": sklearn_kit,
    "xgboost": xgboost_kit,
}


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


def failed_load(empty: Worker, folder: Path, environment: dict[str, str] | None = None) -> str:
    """Why the worker did not load that folder, which it must not."""
    with empty.connect() as client:
        answer = client.load(folder, environment)
        assert answer["ok"] is False
        assert client.ping() == 503
        return str(answer["reason"])


def as_csv(rows: Any) -> bytes:
    return "".join(",".join(map(repr, row)) + "\n" for row in rows.tolist()).encode()


def as_libsvm(rows: Any) -> bytes:
    lines = (" ".join(f"{at}:{value!r}" for at, value in enumerate(row)) for row in rows.tolist())
    return "".join(f"{line}\n" for line in lines).encode()


def as_npy(rows: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, rows)
    return stream.getvalue()


def as_json(rows: Any) -> bytes:
    return json.dumps(rows.tolist()).encode()
