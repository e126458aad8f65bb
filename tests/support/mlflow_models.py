"""Writes MLflow models into a folder: `python -m tests.support.mlflow_models FOLDER [NAME…]`.

A process of its own, for importing MLflow changes a process (warnings, logging, threads).
`iris` and `strict` are scikit-learn models with a signature, `echo` is a pyfunc with params,
`chat` one that takes a language model's bodies, `broken` one that raises.
"""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}

_STRENGTHS = {"iris": 1.0, "strict": 0.001}
_CODE = {
    "echo": """
        import mlflow

        class Echo(mlflow.pyfunc.PythonModel):
            def predict(self, context, model_input, params=None):
                scale = (params or {}).get("scale", 1.0)
                return (model_input * scale).assign(kind=type(model_input).__name__)

        mlflow.models.set_model(Echo())
    """,
    "chat": """
        import mlflow

        class Chat(mlflow.pyfunc.PythonModel):
            def predict(self, context, model_input, params=None):
                return {"said": model_input["messages"][-1]["content"].upper()}

        mlflow.models.set_model(Chat())
    """,
    "broken": """
        import mlflow

        class Broken(mlflow.pyfunc.PythonModel):
            def predict(self, context, model_input, params=None):
                raise KeyError("lost inside")

        mlflow.models.set_model(Broken())
    """,
}


def classifier(strength: float = 1.0) -> LogisticRegression:
    """What `iris` is (strength 1.0), and `strict` (0.001)."""
    rows, labels = load_iris(return_X_y=True, as_frame=True)
    return LogisticRegression(C=strength, max_iter=1000).fit(rows, labels)


def write(folder: Path, *names: str) -> None:
    """The models (all without names), each in a folder of its name; runs the process."""
    subprocess.run(
        [sys.executable, "-m", "tests.support.mlflow_models", str(folder), *names],
        env={**os.environ, **QUIET, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        check=True,
        timeout=180,
    )


def _write(folder: Path, names: list[str]) -> None:
    for name in names or [*_STRENGTHS, *_CODE]:
        if name in _STRENGTHS:
            _write_classifier(folder, name)
        else:
            _write_pyfunc(folder, name)


def _write_classifier(folder: Path, name: str) -> None:
    from mlflow import sklearn
    from mlflow.models import infer_signature

    rows = load_iris(as_frame=True).data
    model = classifier(_STRENGTHS[name])
    sklearn.save_model(
        model,
        folder / name,
        signature=infer_signature(rows, model.predict(rows)),
        pip_requirements=["mlflow==3.0", "scikit-learn"],
    )


def _write_pyfunc(folder: Path, name: str) -> None:
    from mlflow import pyfunc
    from mlflow.models import infer_signature

    rows = load_iris(as_frame=True).data
    script = folder / f"{name}.py"
    script.write_text(dedent(_CODE[name]))
    signature = infer_signature(rows, rows, {"scale": 1.0}) if name == "echo" else None
    pyfunc.save_model(
        folder / name, python_model=str(script), signature=signature, pip_requirements=[]
    )


if __name__ == "__main__":
    _write(Path(sys.argv[1]), sys.argv[2:])
