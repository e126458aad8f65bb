"""The user's script, as SageMaker's scikit-learn container wants it: model_fn is enough."""

import os

import joblib


def model_fn(model_dir: str) -> object:
    return joblib.load(os.path.join(model_dir, "model.joblib"))
