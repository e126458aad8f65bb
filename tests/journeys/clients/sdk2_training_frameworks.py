"""SDK 2: the built-in XGBoost algorithm and a PyTorch script are trained."""

import json
import sys
from pathlib import Path

import sagemaker
from sagemaker import image_uris
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.pytorch import PyTorch

folder, answers = map(Path, sys.argv[1:])
session = sagemaker.Session()
role = "arn:aws:iam::000000000000:role/scientist"
data = session.upload_data(str(folder / "iris.csv"), key_prefix="sdk2/frameworks/data")
output = f"s3://{session.default_bucket()}/sdk2/frameworks/out"

boosted = Estimator(
    image_uri=image_uris.retrieve("xgboost", session.boto_region_name, version="1.7-1"),
    role=role,
    instance_count=1,
    instance_type="ml.m5.large",
    output_path=output,
    base_job_name="sdk2-boosted",
    sagemaker_session=session,
)
boosted.set_hyperparameters(objective="multi:softmax", num_class=3, num_round=5, nthread=1)
boosted.fit({"train": TrainingInput(data, content_type="text/csv")}, logs=False)
described = session.describe_training_job(boosted.latest_training_job.name)
measured = {one["MetricName"]: one["Value"] for one in described["FinalMetricDataList"]}

net = PyTorch(
    entry_point="net.py",
    source_dir=str(folder / "source"),
    role=role,
    instance_count=1,
    instance_type="ml.m5.large",
    framework_version="2.3",
    py_version="py311",
    hyperparameters={"epochs": 3},
    output_path=output,
    base_job_name="sdk2-net",
    sagemaker_session=session,
)
net.fit({"training": data}, logs=False)
told = {"boosted": boosted.model_data, "net": net.model_data, "metrics": measured}
answers.write_text(json.dumps(told))
