"""What somebody would write for one core: pyarrow reads, the model predicts, pyarrow writes.

`python -m bench.loops.by_hand MODEL INPUT OUTPUT` prints its seconds, without imports, as JSON.
Files are local; with `s3://bucket/key` input and output are objects, and boto3 carries them.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import boto3
import joblib
import numpy as np
import pyarrow as pa
import pyarrow.csv

_BLOCK = 6 << 20


class Clock:
    """Seconds by what was done in them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, what: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        try:
            return work()
        finally:
            self.seconds[what] = self.seconds.get(what, 0.0) + time.perf_counter() - began


def predict_all(model: Any, source: Any, output: Any) -> dict[str, float]:
    """Read, predict and write block by block; returns the seconds of each."""
    clock = Clock()
    reader = pyarrow.csv.open_csv(
        source,
        pyarrow.csv.ReadOptions(
            autogenerate_column_names=True, use_threads=False, block_size=_BLOCK
        ),
    )
    schema = pa.schema([("prediction", pa.int64())])
    options = pyarrow.csv.WriteOptions(include_header=False)
    with reader, pyarrow.csv.CSVWriter(output, schema, write_options=options) as writer:
        while (batch := clock.timed("read", lambda: next(iter(reader), None))) is not None:
            found = clock.timed("predict", partial(model.predict, _matrix(batch)))
            answers = pa.record_batch([pa.array(found)], schema=schema)
            clock.timed("write", partial(writer.write, answers))
    return clock.seconds


def _matrix(batch: Any) -> Any:
    return np.column_stack([column.to_numpy() for column in batch.columns])


def _of_objects(model: Any, source: str, output: str) -> dict[str, float]:
    s3 = boto3.client("s3", endpoint_url=os.environ["BENCH_S3"])
    body = s3.get_object(Bucket=urlsplit(source).netloc, Key=urlsplit(source).path[1:])["Body"]
    with tempfile.NamedTemporaryFile() as local:
        seconds = predict_all(model, pa.PythonFile(body, "r"), local.name)
        s3.upload_file(local.name, urlsplit(output).netloc, urlsplit(output).path[1:])
    return seconds


def main(saved: str, source: str, output: str) -> None:
    """On one core, with one thread."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    pa.set_cpu_count(1)
    model = joblib.load(saved)
    model.predict(np.zeros((1, model.n_features_in_)))
    began = time.perf_counter()
    run = _of_objects if source.startswith("s3://") else predict_all
    parts = run(model, source, output)
    print(json.dumps({"seconds": time.perf_counter() - began, "parts": parts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
