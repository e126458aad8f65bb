"""SDK 2: a tuner searches by random and Bayesian trials, names the best, and deploys it."""

import json
import sys
from pathlib import Path

import sagemaker
from sagemaker.deserializers import JSONDeserializer
from sagemaker.serializers import CSVSerializer
from sagemaker.sklearn.estimator import SKLearn
from sagemaker.tuner import CategoricalParameter, ContinuousParameter, HyperparameterTuner

folder, answers = map(Path, sys.argv[1:])
rows = json.loads((folder / "rows.json").read_text())
session = sagemaker.Session()
data = session.upload_data(str(folder / "iris.csv"), key_prefix="sdk2/tuning/data")
METRICS = [{"Name": "accuracy", "Regex": "accuracy=([0-9.]+);"}]


def estimator():
    return SKLearn(
        entry_point="train.py",
        source_dir=str(folder / "source"),
        role="arn:aws:iam::000000000000:role/scientist",
        instance_type="ml.m5.large",
        instance_count=1,
        framework_version="1.2-1",
        py_version="py3",
        max_run=600,
        sagemaker_session=session,
    )


def tuner(strategy, ranges, most):
    return HyperparameterTuner(
        estimator(),
        "accuracy",
        ranges,
        METRICS,
        strategy=strategy,
        max_jobs=most,
        max_parallel_jobs=2,
        base_tuning_job_name=f"sdk2-{strategy.lower()}",
        random_seed=5,
    )


searched = tuner("Bayesian", {"strength": ContinuousParameter(0.00001, 10, "Logarithmic")}, 3)
searched.fit({"train": data}, wait=True)
told = {"best": searched.best_training_job()}
table = searched.analytics().dataframe()
told["trials"] = sorted(table["FinalObjectiveValue"].tolist())
told["described"] = searched.describe()["HyperParameterTuningJobStatus"]
predictor = searched.deploy(
    initial_instance_count=1,
    instance_type="ml.m5.large",
    serializer=CSVSerializer(),
    deserializer=JSONDeserializer(),
    endpoint_name="sdk2-tuned",
)
told["predicted"] = predictor.predict(rows)
predictor.delete_model()
predictor.delete_endpoint()

grid = tuner("Grid", {"strength": CategoricalParameter(["0.001", "2.0"])}, 2)
grid.fit({"train": data}, wait=True)
best = grid.best_estimator()
told["grid"] = best.hyperparameters()["strength"]
answers.write_text(json.dumps(told))
