"""SDK 3: ModelTrainer runs a script on a framework's image; the job is a resource."""

import json
import sys
from pathlib import Path

import boto3
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.resources import TrainingJob
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, SourceCode
from sagemaker.train.model_trainer import ModelTrainer

folder, answers = map(Path, sys.argv[1:])
session = Session()
trust = {
    "Effect": "Allow",
    "Principal": {"Service": "sagemaker.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
role = boto3.client("iam").create_role(
    RoleName="sdk3-trainer",
    AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
)
data = session.upload_data(str(folder / "iris.csv"), key_prefix="sdk3/training/data")

trainer = ModelTrainer(
    training_image=image_uris.retrieve("sklearn", session.boto_region_name, version="1.2-1"),
    source_code=SourceCode(source_dir=str(folder / "source"), entry_script="train.py"),
    compute=Compute(instance_type="ml.m5.large", instance_count=1),
    output_data_config=OutputDataConfig(
        s3_output_path=f"s3://{session.default_bucket()}/sdk3/training/out"
    ),
    hyperparameters={"strength": 2.0},
    role=role["Role"]["Arn"],
    base_job_name="sdk3-trainer",
    sagemaker_session=session,
)
trainer.train(
    input_data_config=[InputData(channel_name="train", data_source=data)], wait=True, logs=True
)
job = trainer._latest_training_job
found = TrainingJob.get(job.training_job_name)
told = {
    "name": found.training_job_name,
    "status": found.training_job_status,
    "model": found.model_artifacts.s3_model_artifacts,
    "listed": [one.training_job_name for one in TrainingJob.get_all(name_contains="sdk3-tr")],
}
answers.write_text(json.dumps(told))
