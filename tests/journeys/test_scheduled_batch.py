"""Journey 3: batch transform once a month, by a rule and a function, as seed 002 writes it.

The clock is moved to the first of the month, not waited for.
"""

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from tests.support.endpoints import ROWS, classifier, create_model, model_archive, until
from tests.support.event_queues import EventQueue
from tests.support.lambda_functions import create
from tests.support.transforms import csv

from argosy.testing import Platform

HANDLER = '''
import boto3, time

sagemaker = boto3.client("sagemaker")

def handler(event, context):
    """Start a batch transform of the month's data."""
    name = f"{event['model_name']}-{context.aws_request_id[:8]}"
    sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=event["model_name"],
        TransformInput={
            "DataSource": {
                "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": event["input_path"]}
            },
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        TransformOutput={"S3OutputPath": event["output_path"], "Accept": "text/csv"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    return name
'''


def role(platform: Any) -> str:
    """A role that functions may have and that may start transforms."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    policy = {"Effect": "Allow", "Action": "sagemaker:CreateTransformJob", "Resource": "*"}
    iam = platform.client("iam")
    made = iam.create_role(RoleName="batch", AssumeRolePolicyDocument=_document(trust))
    iam.put_role_policy(RoleName="batch", PolicyName="it", PolicyDocument=_document(policy))
    return str(made["Role"]["Arn"])


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def schedule_as_the_seed_does(platform: Any, lambda_function_arn: str) -> None:
    """Seed 002, "Scheduled Batch Job Example"."""
    events = platform.client("events")

    # Create EventBridge rule for monthly execution
    events.put_rule(
        Name="monthly-batch-transform",
        ScheduleExpression="cron(0 0 1 * ? *)",  # First day of month
        State="ENABLED",
    )

    # Add Lambda target to trigger batch transform
    events.put_targets(
        Rule="monthly-batch-transform",
        Targets=[
            {
                "Id": "1",
                "Arn": lambda_function_arn,
                "Input": json.dumps(
                    {
                        "model_name": "churn-model",
                        "input_path": "s3://bucket/monthly-data/",
                        "output_path": "s3://bucket/monthly-predictions/",
                    }
                ),
            }
        ],
    )


def to_the_first_of_the_month(platform: Platform) -> None:
    now = datetime.fromtimestamp(platform.advance(0), UTC)
    year, month = divmod(now.year * 12 + now.month, 12)
    platform.advance((datetime(year, month + 1, 1, tzinfo=UTC) - now).total_seconds() + 1)


@pytest.fixture
def function(movable: Platform) -> str:
    """The function that the rule calls; its policy lets EventBridge in."""
    client = movable.client("lambda")
    made = create(client, "monthly", HANDLER, Role=role(movable), Timeout=60)
    client.get_waiter("function_active_v2").wait(FunctionName="monthly")
    client.add_permission(
        FunctionName="monthly",
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn="arn:aws:events:us-east-1:000000000000:rule/monthly-batch-transform",
    )
    return str(made["FunctionArn"])


def test_on_the_first_of_each_month_the_data_is_transformed(
    movable: Platform, function: str
) -> None:
    s3, sagemaker = movable.client("s3"), movable.client("sagemaker")
    create_model(movable, "churn-model", model_archive(classifier()))
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="monthly-data/customers.csv", Body=csv(ROWS))
    schedule_as_the_seed_does(movable, function)
    results = EventQueue(movable, "monthly-results", "s3")
    entry = {"QueueArn": results.arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="bucket", NotificationConfiguration={"QueueConfigurations": [entry]}
    )
    assert results.bodies()[0]["Event"] == "s3:TestEvent"
    assert sagemaker.list_transform_jobs(NameContains="churn-model")["TransformJobSummaries"] == []

    to_the_first_of_the_month(movable)

    def job() -> Any:
        jobs = sagemaker.list_transform_jobs(NameContains="churn-model")["TransformJobSummaries"]
        return [one for one in jobs if one["TransformJobStatus"] not in ("InProgress", "Stopping")]

    (done,) = until(job, 180)
    assert done["TransformJobStatus"] == "Completed", done
    out = s3.get_object(Bucket="bucket", Key="monthly-predictions/customers.csv.out")
    told = results.bodies()[0]["Records"][0]["s3"]["object"]
    assert told["key"] == "monthly-predictions/customers.csv.out"
    assert told["size"] == out["ContentLength"]
    labels = np.loadtxt(out["Body"].read().decode().splitlines(), delimiter=",")
    assert labels.tolist() == classifier().predict(ROWS).tolist()
