"""Seed 000 A: data lands in S3, a function starts the machine that trains, the model lands in S3,
and a second function switches the machine off.

With a notebook instance, with EC2, and as a training job.
"""

import io
import json
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from tests.support.endpoints import ROWS, archive, classifier, until
from tests.support.lambda_functions import create as create_function
from tests.support.machines import SLOW_S, lifecycle, logged, named, settled, shown, switched
from tests.support.machines import create as create_notebook
from tests.support.training import iris_csv, unpacked
from tests.support.training_jobs import IMAGE

from argosy.services.ec2.images import IMAGE_ID
from argosy.testing import Platform

pytestmark = pytest.mark.timeout(600)

STRENGTH = 0.3

TRAINS = """
import io, sys
import boto3, joblib, numpy as np
from sklearn.linear_model import LogisticRegression

bucket = sys.argv[1]
s3 = boto3.client("s3")
rows = np.loadtxt(io.BytesIO(s3.get_object(Bucket=bucket, Key="data/iris.csv")["Body"].read()),
                  delimiter=",")
model = LogisticRegression(C=0.3, max_iter=1000).fit(rows[:, 1:], rows[:, 0])
packed = io.BytesIO()
joblib.dump(model, packed)
s3.put_object(Bucket=bucket, Key="model/model.joblib", Body=packed.getvalue())
print("trained", flush=True)
import time; time.sleep(86_000)  # nobody but the second function ends this
"""

ON_START = """#!/bin/bash
set -e
sudo -u ec2-user -i <<'SCRIPT'
cat > /home/ec2-user/SageMaker/BUCKET-train.py <<'PYTHON'
TRAINS
PYTHON
nohup python /home/ec2-user/SageMaker/BUCKET-train.py BUCKET &
SCRIPT
"""

STARTS = """
import boto3
def handler(event, context):
    record = event["Records"][0]
    assert record["eventName"].startswith("ObjectCreated"), record
    boto3.client("sagemaker").start_notebook_instance(NotebookInstanceName="seed000")
"""
STOPS = """
import boto3
def handler(event, context):
    sagemaker = boto3.client("sagemaker")
    name = {"NotebookInstanceName": "seed000"}
    sagemaker.get_waiter("notebook_instance_in_service").wait(
        **name, WaiterConfig={"Delay": 1, "MaxAttempts": 100})
    sagemaker.stop_notebook_instance(**name)
    return event["Records"][0]["s3"]["object"]["key"]
"""


def function(platform: Platform, name: str, source: str, bucket: str) -> str:
    """A function that the bucket may call; returns its ARN."""
    client = platform.client("lambda")
    made = create_function(client, name, source, Timeout=120)
    client.add_permission(
        FunctionName=name,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
    )
    return str(made["FunctionArn"])


def bucket_with_events(platform: Platform, bucket: str, **functions: str) -> Any:
    """A bucket that tells functions what is put below their prefixes; returns the S3 client."""
    s3 = platform.client("s3")
    s3.create_bucket(Bucket=bucket)
    configurations = [
        {
            "LambdaFunctionArn": function(platform, f"{bucket}-{prefix}", source, bucket),
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": f"{prefix}/"}]}},
        }
        for prefix, source in functions.items()
    ]
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={"LambdaFunctionConfigurations": configurations},
    )
    return s3


def same_as_local(content: bytes) -> bool:
    """Whether the model predicts as one that was trained here."""
    trained: LogisticRegression = joblib.load(io.BytesIO(content))
    expected = classifier(STRENGTH)
    return bool(np.allclose(trained.predict_proba(ROWS), expected.predict_proba(ROWS)))


def test_an_upload_starts_a_notebook_that_trains_and_its_model_stops_it(
    platform: Platform,
) -> None:
    create_notebook(platform, "seed000")
    switched(platform, "seed000", "stop")
    script = ON_START.replace("TRAINS", TRAINS).replace("BUCKET", "seed000-nb")
    lifecycle(platform, "seed000", OnStart=script)
    sagemaker = platform.client("sagemaker")
    sagemaker.update_notebook_instance(
        NotebookInstanceName="seed000", LifecycleConfigName="seed000"
    )
    settled(platform, "seed000")
    s3 = bucket_with_events(platform, "seed000-nb", data=STARTS, model=STOPS)

    s3.put_object(Bucket="seed000-nb", Key="data/iris.csv", Body=iris_csv())

    s3.get_waiter("object_exists").wait(
        Bucket="seed000-nb",
        Key="model/model.joblib",
        WaiterConfig={"Delay": 1, "MaxAttempts": int(SLOW_S)},
    )
    sagemaker.get_waiter("notebook_instance_stopped").wait(
        NotebookInstanceName="seed000", WaiterConfig={"Delay": 1, "MaxAttempts": int(SLOW_S)}
    )
    model = s3.get_object(Bucket="seed000-nb", Key="model/model.joblib")["Body"].read()
    assert same_as_local(model)
    assert "trained" in logged(platform, "seed000", "LifecycleConfigOnStart")
    assert named("seed000-nb-train.py") == []
    assert shown(platform, "seed000")["agent_pid"] == 0


LAUNCHES = """
import boto3
SCRIPT = '''#!/bin/bash
cat > /seed000-ec2-train.py <<'PYTHON'
TRAINS
PYTHON
python /seed000-ec2-train.py seed000-ec2
'''
def handler(event, context):
    tags = [{"Key": "for", "Value": "seed000"}]
    boto3.client("ec2").run_instances(
        ImageId="IMAGE", InstanceType="t3.micro", MinCount=1, MaxCount=1, UserData=SCRIPT,
        IamInstanceProfile={"Name": "seed000-ec2"},
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
"""
SWITCHES_OFF = """
import boto3
def handler(event, context):
    ec2 = boto3.client("ec2")
    found = ec2.describe_instances(Filters=[{"Name": "tag:for", "Values": ["seed000"]}])
    ids = [one["InstanceId"] for group in found["Reservations"] for one in group["Instances"]]
    ec2.stop_instances(InstanceIds=ids)
"""


def test_an_upload_launches_an_ec2_instance_that_trains_and_its_model_stops_it(
    platform: Platform,
) -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    platform.client("iam").create_role(
        RoleName="seed000-ec2",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{**trust, "Principal": {"Service": "ec2.amazonaws.com"}}],
            }
        ),
    )
    launches = LAUNCHES.replace("TRAINS", TRAINS).replace("IMAGE", IMAGE_ID)
    s3 = bucket_with_events(platform, "seed000-ec2", data=launches, model=SWITCHES_OFF)
    ec2 = platform.client("ec2")

    s3.put_object(Bucket="seed000-ec2", Key="data/iris.csv", Body=iris_csv())

    def stopped() -> list[Any]:
        wanted = [
            {"Name": "tag:for", "Values": ["seed000"]},
            {"Name": "instance-state-name", "Values": ["stopped"]},
        ]
        return list(ec2.describe_instances(Filters=wanted)["Reservations"])

    [group] = until(stopped, SLOW_S)
    model = s3.get_object(Bucket="seed000-ec2", Key="model/model.joblib")["Body"].read()
    assert same_as_local(model)
    assert named("seed000-ec2-train.py") == []
    ec2.terminate_instances(InstanceIds=[group["Instances"][0]["InstanceId"]])


SCRIPT = """
import os
import joblib, numpy as np
from sklearn.linear_model import LogisticRegression

rows = np.loadtxt(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "iris.csv"), delimiter=",")
model = LogisticRegression(C=0.3, max_iter=1000).fit(rows[:, 1:], rows[:, 0])
joblib.dump(model, os.path.join(os.environ["SM_MODEL_DIR"], "model.joblib"))
"""
TRAINS_AS_A_JOB = """
import boto3, json, time
def handler(event, context):
    boto3.client("sagemaker").create_training_job(
        TrainingJobName="seed000-job",
        AlgorithmSpecification={"TrainingImage": "IMAGE", "TrainingInputMode": "File"},
        RoleArn="arn:aws:iam::000000000000:role/trainer",
        HyperParameters={
            "sagemaker_program": json.dumps("train.py"),
            "sagemaker_submit_directory": json.dumps("s3://seed000-job/code/sourcedir.tar.gz"),
        },
        InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": "s3://seed000-job/data/",
            "S3DataDistributionType": "FullyReplicated"}}}],
        OutputDataConfig={"S3OutputPath": "s3://seed000-job/model"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 600})
"""
KEEPS = """
import boto3
from urllib.parse import unquote_plus
def handler(event, context):
    key = unquote_plus(event["Records"][0]["s3"]["object"]["key"])
    boto3.client("sagemaker").create_model(
        ModelName="seed000-job",
        ExecutionRoleArn="arn:aws:iam::000000000000:role/trainer",
        PrimaryContainer={"Image": "IMAGE", "ModelDataUrl": f"s3://seed000-job/{key}"})
"""


def test_an_upload_starts_a_training_job_and_its_model_is_taken_over(platform: Platform) -> None:
    s3 = bucket_with_events(
        platform,
        "seed000-job",
        data=TRAINS_AS_A_JOB.replace("IMAGE", IMAGE),
        model=KEEPS.replace("IMAGE", IMAGE),
    )
    code = archive({"train.py": SCRIPT.encode()})
    s3.put_object(Bucket="seed000-job", Key="code/sourcedir.tar.gz", Body=code)
    sagemaker = platform.client("sagemaker")

    s3.put_object(Bucket="seed000-job", Key="data/iris.csv", Body=iris_csv())

    listed = until(lambda: sagemaker.list_models(NameContains="seed000-job")["Models"], SLOW_S)
    assert len(listed) == 1
    model = sagemaker.describe_model(ModelName="seed000-job")["PrimaryContainer"]["ModelDataUrl"]
    assert model == "s3://seed000-job/model/seed000-job/output/model.tar.gz"
    assert same_as_local(unpacked(platform, model)["model.joblib"])
    sagemaker.get_waiter("training_job_completed_or_stopped").wait(
        TrainingJobName="seed000-job", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
