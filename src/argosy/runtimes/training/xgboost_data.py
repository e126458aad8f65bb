"""The channels of an XGBoost job as matrices: CSV, libsvm, Parquet, RecordIO-protobuf.

The label is a CSV row's or Parquet table's first column, and there is no header; with csv_weights
the second column is the weight. Source: developer guide, "Input/Output interface for XGBoost".
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from argosy.runtimes import csv_numbers, libsvm, recordio, sparse
from argosy.runtimes.answers import Fault
from argosy.runtimes.training.settings import Settings

_LIBSVM = ("", "libsvm", "text/libsvm", "text/x-libsvm")
_PARQUET = ("application/x-parquet", "parquet")
_RECORDIO = ("application/x-recordio-protobuf", "recordio-protobuf")
_CSV = ("text/csv", "csv")


class Data(NamedTuple):
    """Rows with their labels; weights and query ids where there are any."""

    rows: Any
    labels: Any
    weights: Any = None
    groups: Any = None


def read_channel(settings: Settings, name: str) -> Data:
    """All of a channel. Raises Fault, ValueError, OSError."""
    channel = settings.channels[name]
    folder = settings.base / "input/data" / name
    piped = str(channel.get("TrainingInputMode")) == "Pipe"
    bodies = [Path(f"{folder}_0").read_bytes()] if piped else _files(folder)
    if not any(bodies):
        raise Fault(400, f"the channel {name} has no data")
    weighted = str(settings.hyperparameters.get("csv_weights") or 0) in ("1", "True")
    kind = str(channel.get("ContentType") or "")
    return together([read(body, kind, weighted) for body in bodies if body])


def read(body: bytes, content_type: str, weighted: bool = False) -> Data:
    """One file. Raises Fault, ValueError."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _CSV:
        return _columns(_csv(body), weighted)
    if kind in _PARQUET:
        return _columns(_parquet(body), weighted)
    if kind in _RECORDIO:
        return Data(*_labelled(body))
    if kind in _LIBSVM:
        return _libsvm(body)
    raise Fault(
        400,
        f"the content type {content_type} is not one of text/csv, text/libsvm, "
        "application/x-parquet, application/x-recordio-protobuf",
    )


def together(parts: list[Data]) -> Data:
    """Several files as one matrix."""
    if len(parts) == 1:
        return parts[0]
    rows = [part.rows for part in parts]
    if all(isinstance(one, np.ndarray) for one in rows):
        joined = np.vstack(rows)
    else:
        joined = sparse.stack(of_one_width(rows))
    return Data(
        joined,
        np.concatenate([part.labels for part in parts]),
        _all([part.weights for part in parts]),
        _all([part.groups for part in parts]),
    )


def of_one_width(matrices: list[Any]) -> list[Any]:
    """Sparse rows with the columns of the widest among them; arrays as they are."""
    width = max(one.shape[1] for one in matrices)
    for one in filter(sparse.is_sparse, matrices):
        one.resize((one.shape[0], width))
    return matrices


def _all(parts: list[Any]) -> Any:
    return None if any(part is None for part in parts) else np.concatenate(parts)


def _files(folder: Path) -> list[bytes]:
    found = [
        Path(here, name)
        for here, _, names in os.walk(folder)
        for name in names
        if not name.startswith((".", "_"))
    ]
    return [path.read_bytes() for path in sorted(found)]


def _columns(table: Any, weighted: bool) -> Data:
    first = 2 if weighted else 1
    if table.shape[1] <= first:
        raise Fault(400, f"rows need more than {first} columns: the label comes first")
    return Data(table[:, first:], table[:, 0], table[:, 1] if weighted else None)


def _csv(body: bytes) -> Any:
    try:
        return csv_numbers.read(body)
    except ValueError:
        table = np.genfromtxt(io.BytesIO(body), delimiter=",", ndmin=2)
    if np.isnan(table[:, 0]).any():
        raise Fault(400, "a label is not a number; send numbers, the label first, and no header")
    return table


def _parquet(body: bytes) -> Any:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(pyarrow.BufferReader(body))
    return np.column_stack([column.to_numpy().astype(np.float64) for column in table.columns])


def _labelled(body: bytes) -> tuple[Any, Any]:
    rows, labels = recordio.read_labelled(body)
    return (rows if isinstance(rows, np.ndarray) else _matrix(rows)), labels


def _libsvm(body: bytes) -> Data:
    lines = [line for line in body.decode("utf-8-sig").splitlines() if line.strip()]
    heads = [line.split(None, 2)[:2] for line in lines]
    labels = np.array([float(head[0].partition(":")[0]) for head in heads])
    weights = [head[0].partition(":")[2] for head in heads]
    groups = [head[1][4:] for head in heads if len(head) > 1 and head[1].startswith("qid:")]
    rest = "\n".join(f"0 {line.partition(' ')[2]}" for line in lines)
    return Data(
        _matrix(libsvm.read(rest.encode())),
        labels,
        np.array(weights, dtype=float) if all(weights) else None,
        np.array(groups, dtype=int) if len(groups) == len(lines) else None,
    )


def _matrix(rows: Any) -> Any:
    """A sparse matrix of the width that it needs: what is not there is missing to XGBoost."""
    return sparse.fit(rows, None)
