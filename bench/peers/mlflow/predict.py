"""MLflow's batch predict: `python predict.py INPUT OUTPUT`, the model being BENCH_MODEL.

Saves the model in MLflow's format, and does what `mlflow models predict` does once everything is
imported; prints the seconds that this took.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import joblib
import mlflow.sklearn
from mlflow.pyfunc import scoring_server


def main(source, output):
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder, "model")
        kept_as = mlflow.sklearn.SERIALIZATION_FORMAT_CLOUDPICKLE  # skops distrusts forests
        model = joblib.load(os.environ["BENCH_MODEL"])
        mlflow.sklearn.save_model(model, saved, serialization_format=kept_as)
        began = time.perf_counter()
        scoring_server._predict(str(saved), source, output, "csv")
        print(time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
