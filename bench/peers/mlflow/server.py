"""MLflow serving: saves the model in MLflow's format and starts `mlflow models serve`."""

import os
import sys
from pathlib import Path

import joblib
import mlflow.sklearn


def main():
    saved = Path(os.environ["BENCH_SCRATCH"], "model")
    mlflow.sklearn.save_model(joblib.load(os.environ["BENCH_MODEL"]), saved)
    program = Path(sys.executable).with_name("mlflow")
    arguments = ["models", "serve", "-m", str(saved), "--env-manager", "local"]
    arguments += ["--host", "127.0.0.1", "--port", os.environ["BENCH_PORT"], "--workers", "1"]
    # The command starts uvicorn through a shell that looks for it on PATH.
    os.environ["PATH"] = f"{program.parent}:{os.environ['PATH']}"
    os.execv(program, [str(program), *arguments])


if __name__ == "__main__":
    main()
