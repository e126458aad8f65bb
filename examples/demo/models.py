"""Two real classifiers of handwritten digits, and the archives SageMaker would be given.

The data set is scikit-learn's own `digits`: 1,797 scans of 8×8 pixels. Every prediction that the
endpoint gives is compared with what the same model says here.
"""

import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

SCRIPT = Path(__file__).parent / "code" / "inference.py"


@dataclass(frozen=True)
class Trained:
    """A fitted model, with what it predicts for each held-out row."""

    name: str
    estimator: Any
    expected: list[int]
    accuracy: float


@dataclass(frozen=True)
class Trial:
    """The held-out rows (each 64 pixel values) and the two models to compare on them."""

    rows: list[list[float]]
    stable: Trained
    canary: Trained


def train() -> Trial:
    """Fit both models on three quarters of the digits and keep the last quarter aside."""
    pixels, digits = load_digits(return_X_y=True)
    seen, unseen, seen_digits, unseen_digits = train_test_split(
        pixels, digits, test_size=0.25, random_state=7, stratify=digits
    )

    def fit(name: str, estimator: Any) -> Trained:
        estimator.fit(seen, seen_digits)
        expected = [int(digit) for digit in estimator.predict(unseen)]
        return Trained(name, estimator, expected, float(estimator.score(unseen, unseen_digits)))

    return Trial(
        rows=unseen.tolist(),
        stable=fit("stable", make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))),
        canary=fit("canary", make_pipeline(StandardScaler(), SVC())),
    )


def pack(model: Trained, folder: Path) -> Path:
    """Write NAME.tar.gz as SageMaker wants it: the model at the root, the script under code/."""
    model_file = folder / f"{model.name}.joblib"
    joblib.dump(model.estimator, model_file)
    archive = folder / f"{model.name}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(model_file, "model.joblib")
        tar.add(SCRIPT, "code/inference.py")
    return archive
