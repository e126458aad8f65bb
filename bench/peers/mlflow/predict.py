"""MLflow's batch predict: `python predict.py INPUT OUTPUT`, the model being BENCH_MODEL.

Saves the model in MLflow's format if that has not been done, and runs `mlflow models predict`.
"""

import os
import sys
from pathlib import Path

import joblib
import mlflow.sklearn


def main(source, output):
    model = Path(os.environ["BENCH_MODEL"])
    saved = Path(os.environ["BENCH_SCRATCH"], model.stem)
    if not saved.exists():
        kept_as = mlflow.sklearn.SERIALIZATION_FORMAT_CLOUDPICKLE  # skops distrusts forests
        mlflow.sklearn.save_model(joblib.load(model), saved, serialization_format=kept_as)
    program = Path(sys.executable).with_name("mlflow")
    arguments = ["models", "predict", "-m", str(saved), "--env-manager", "local"]
    arguments += ["-i", source, "-o", output, "-t", "csv"]
    os.environ["PATH"] = f"{program.parent}:{os.environ['PATH']}"
    os.execv(program, [str(program), *arguments])


if __name__ == "__main__":
    main(*sys.argv[1:])
