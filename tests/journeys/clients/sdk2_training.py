"""SDK 2: a scikit-learn estimator is fitted, attached to, deployed and used for a transform."""

import contextlib
import io
import json
import sys
from pathlib import Path

import sagemaker
from sagemaker.deserializers import JSONDeserializer
from sagemaker.inputs import TrainingInput
from sagemaker.serializers import CSVSerializer
from sagemaker.sklearn.estimator import SKLearn

folder, answers = map(Path, sys.argv[1:])
rows = json.loads((folder / "rows.json").read_text())
session = sagemaker.Session()
data = session.upload_data(str(folder / "iris.csv"), key_prefix="sdk2/training/data")

estimator = SKLearn(
    entry_point="train.py",
    source_dir=str(folder / "source"),
    role="arn:aws:iam::000000000000:role/scientist",
    instance_type="ml.m5.large",
    instance_count=1,
    framework_version="1.2-1",
    py_version="py3",
    hyperparameters={"strength": 2.0},
    metric_definitions=[{"Name": "accuracy", "Regex": "accuracy=([0-9.]+);"}],
    base_job_name="sdk2-fit",
    max_run=600,
    sagemaker_session=session,
)
estimator.fit({"train": TrainingInput(data, content_type="text/csv")}, logs=False)
name = estimator.latest_training_job.name
printed = io.StringIO()
with contextlib.redirect_stdout(printed):  # a fit with logs looks every 30 seconds only
    session.logs_for_job(name, wait=True, log_type="All")
told = {"name": name, "printed": printed.getvalue()}

attached = SKLearn.attach(name, sagemaker_session=session)
told["model"] = attached.model_data
told["hyperparameters"] = attached.hyperparameters()
told["metrics"] = session.describe_training_job(name)["FinalMetricDataList"][0]["Value"]

predictor = attached.deploy(
    initial_instance_count=1,
    instance_type="ml.m5.large",
    serializer=CSVSerializer(),
    deserializer=JSONDeserializer(),
    endpoint_name=name,
)
told["predicted"] = predictor.predict(rows)
predictor.delete_model()
predictor.delete_endpoint()

places = session.upload_data(str(folder / "rows.csv"), key_prefix="sdk2/training/rows")
transformer = attached.transformer(
    instance_count=1, instance_type="ml.m5.large", accept="text/csv", assemble_with="Line"
)
transformer.transform(places, content_type="text/csv", split_type="Line", wait=True, logs=False)
told["transformed"] = sagemaker.s3.S3Downloader.read_file(
    f"{transformer.output_path}/rows.csv.out", sagemaker_session=session
).split()

failing = SKLearn(
    entry_point="fail.py",
    source_dir=str(folder / "source"),
    role="arn:aws:iam::000000000000:role/scientist",
    instance_type="ml.m5.large",
    instance_count=1,
    framework_version="1.2-1",
    base_job_name="sdk2-fails",
    sagemaker_session=session,
)
try:
    failing.fit({"train": data}, logs=False)
except sagemaker.exceptions.UnexpectedStatusException as error:
    told["failure"] = str(error)
answers.write_text(json.dumps(told))
