"""SDK 2: tuners search for the best trial, by a Bayesian search and on a grid, and deploy it."""

import json
import sys
from pathlib import Path

import sagemaker
from sagemaker import image_uris
from sagemaker.deserializers import JSONDeserializer
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
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
attached = HyperparameterTuner.attach(searched.latest_tuning_job.name, sagemaker_session=session)
told["attached"] = attached.best_training_job()
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

boosted = Estimator(
    image_uri=image_uris.retrieve("xgboost", session.boto_region_name, version="1.7-1"),
    role="arn:aws:iam::000000000000:role/scientist",
    instance_type="ml.m5.large",
    instance_count=1,
    output_path=f"s3://{session.default_bucket()}/sdk2/tuning/boosted",
    max_run=600,
    sagemaker_session=session,
)
boosted.set_hyperparameters(objective="multi:softmax", num_class=3, num_round=5, nthread=1)
grid = HyperparameterTuner(
    boosted,
    "validation:mlogloss",  # which the built-in algorithm tells by itself
    {"max_depth": CategoricalParameter(["1", "6"])},
    objective_type="Minimize",
    strategy="Grid",
    max_jobs=2,
    max_parallel_jobs=2,
    base_tuning_job_name="sdk2-grid",
)
rows_of = TrainingInput(data, content_type="text/csv")
grid.fit({"train": rows_of, "validation": rows_of}, wait=True)
told["grid"] = grid.best_estimator().hyperparameters()["max_depth"]
answers.write_text(json.dumps(told))
