"""BentoML with its defaults and one worker."""

import os

import bentoml
import joblib


@bentoml.service(workers=1)
class Predict:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["BENCH_MODEL"])

    @bentoml.api
    def predict(self, instances: list[list[float]]) -> list[int]:
        return self.model.predict(instances).tolist()
