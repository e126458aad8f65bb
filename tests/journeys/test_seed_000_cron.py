"""Seed 000 A by the clock: a cron rule starts the notebook that trains, the model lands in S3, and
its event has a second function switch the notebook off.

The clock is moved to the hour, not waited for.
"""

import io
import json

import joblib
import numpy as np
import pytest
from tests.support.endpoints import ROWS, classifier
from tests.support.lambda_functions import create as create_function
from tests.support.machines import SLOW_S, lifecycle, settled, switched
from tests.support.machines import create as create_notebook
from tests.support.training import iris_csv

from argosy.testing import Platform

pytestmark = pytest.mark.timeout(600)

NAME = "seed000-cron"

TRAINS = """
import io, time
import boto3, joblib, numpy as np
from sklearn.linear_model import LogisticRegression

s3 = boto3.client("s3")
body = s3.get_object(Bucket="seed000-cron", Key="data/iris.csv")["Body"].read()
rows = np.loadtxt(io.BytesIO(body), delimiter=",")
model = LogisticRegression(max_iter=1000).fit(rows[:, 1:], rows[:, 0])
packed = io.BytesIO()
joblib.dump(model, packed)
s3.put_object(Bucket="seed000-cron", Key="model/model.joblib", Body=packed.getvalue())
time.sleep(86_000)  # nobody but the second function ends this
"""
ON_START = f"""#!/bin/bash
set -e
sudo -u ec2-user -i <<'SCRIPT'
cat > /home/ec2-user/SageMaker/train.py <<'PYTHON'
{TRAINS}
PYTHON
nohup python /home/ec2-user/SageMaker/train.py &
SCRIPT
"""
STARTS = """
import boto3
def handler(event, context):
    boto3.client("sagemaker").start_notebook_instance(NotebookInstanceName=event["notebook"])
"""
STOPS = """
import boto3
def handler(event, context):
    sagemaker = boto3.client("sagemaker")
    name = {"NotebookInstanceName": "seed000-cron"}
    sagemaker.get_waiter("notebook_instance_in_service").wait(
        **name, WaiterConfig={"Delay": 1, "MaxAttempts": 100})
    sagemaker.stop_notebook_instance(**name)
"""


def function(platform: Platform, name: str, source: str, service: str) -> str:
    """A function that a service may run; returns its ARN."""
    client = platform.client("lambda")
    made = create_function(client, name, source, Timeout=120)
    client.add_permission(
        FunctionName=name,
        StatementId=service,
        Action="lambda:InvokeFunction",
        Principal=f"{service}.amazonaws.com",
    )
    return str(made["FunctionArn"])


def test_every_night_a_notebook_trains_and_its_model_stops_it(movable: Platform) -> None:
    create_notebook(movable, NAME)
    switched(movable, NAME, "stop")
    lifecycle(movable, NAME, OnStart=ON_START)
    sagemaker, s3, events = (movable.client(name) for name in ("sagemaker", "s3", "events"))
    sagemaker.update_notebook_instance(NotebookInstanceName=NAME, LifecycleConfigName=NAME)
    settled(movable, NAME)
    s3.create_bucket(Bucket=NAME)
    s3.put_object(Bucket=NAME, Key="data/iris.csv", Body=iris_csv())
    stops = {
        "LambdaFunctionArn": function(movable, f"{NAME}-stops", STOPS, "s3"),
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "model/"}]}},
    }
    s3.put_bucket_notification_configuration(
        Bucket=NAME, NotificationConfiguration={"LambdaFunctionConfigurations": [stops]}
    )
    starts = function(movable, f"{NAME}-starts", STARTS, "events")
    events.put_rule(Name=NAME, ScheduleExpression="cron(0 3 * * ? *)")
    target = {"Id": "1", "Arn": starts, "Input": json.dumps({"notebook": NAME})}
    events.put_targets(Rule=NAME, Targets=[target])

    movable.advance(86_400)

    s3.get_waiter("object_exists").wait(
        Bucket=NAME,
        Key="model/model.joblib",
        WaiterConfig={"Delay": 1, "MaxAttempts": int(SLOW_S)},
    )
    sagemaker.get_waiter("notebook_instance_stopped").wait(
        NotebookInstanceName=NAME, WaiterConfig={"Delay": 1, "MaxAttempts": int(SLOW_S)}
    )
    packed = s3.get_object(Bucket=NAME, Key="model/model.joblib")["Body"].read()
    trained = joblib.load(io.BytesIO(packed))
    assert np.allclose(trained.predict_proba(ROWS), classifier().predict_proba(ROWS))
