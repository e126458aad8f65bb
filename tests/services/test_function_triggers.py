"""What has functions run: objects, topics and alarms, where the function's policy lets them."""

import json
from typing import Any

import pytest

from argosy.testing import Platform
from tests.support.endpoints import until
from tests.support.event_queues import EventQueue
from tests.support.lambda_functions import create
from tests.support.silent_alarms import put_silent_alarm

TELL = '''
import boto3, json, os

def handler(event, context):
    """Tell a queue what it was invoked with."""
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
'''


@pytest.fixture(scope="module")
def teller(platform: Platform) -> tuple[str, EventQueue]:
    """A function that tells a queue of its events, and that queue."""
    iam = platform.client("iam")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = iam.create_role(RoleName="teller", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [send]})
    iam.put_role_policy(RoleName="teller", PolicyName="send", PolicyDocument=policy)
    queue, client = EventQueue(platform, "told-by-function"), platform.client("lambda")
    variables = {"Variables": {"QUEUE": queue.url}}
    made = create(client, "teller", TELL, Role=role, Timeout=30, Environment=variables)
    client.get_waiter("function_active_v2").wait(FunctionName="teller")
    for number, service in enumerate(("s3", "sns", "lambda.alarms.cloudwatch")):
        client.add_permission(
            FunctionName="teller",
            StatementId=f"s{number}",
            Action="lambda:InvokeFunction",
            Principal=f"{service}.amazonaws.com",
        )
    return str(made["FunctionArn"]), queue


def test_an_upload_runs_a_function(platform: Platform, teller: tuple[str, EventQueue]) -> None:
    arn, queue = teller
    s3 = platform.client("s3")
    s3.create_bucket(Bucket="runs-a-function")
    entry = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="runs-a-function",
        NotificationConfiguration={"LambdaFunctionConfigurations": [entry]},
    )
    s3.put_object(Bucket="runs-a-function", Key="a.csv", Body=b"1,2")
    (event,) = queue.bodies()
    assert event["Records"][0]["s3"]["object"]["key"] == "a.csv"


def test_a_topic_runs_a_function(platform: Platform, teller: tuple[str, EventQueue]) -> None:
    arn, queue = teller
    sns = platform.client("sns")
    topic = sns.create_topic(Name="runs-a-function")["TopicArn"]
    subscribed = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="hello", Subject="hi")
    (event,) = queue.bodies()
    (record,) = event["Records"]
    assert (record["EventSource"], record["EventSubscriptionArn"]) == ("aws:sns", subscribed)
    sns_said = record["Sns"]
    assert (sns_said["Message"], sns_said["Subject"]) == ("hello", "hi")
    assert sns_said["SigningCertUrl"]
    assert sns_said["MessageAttributes"] == {}


def test_an_alarm_runs_a_function(platform: Platform, teller: tuple[str, EventQueue]) -> None:
    arn, queue = teller
    cloudwatch = platform.client("cloudwatch")
    put_silent_alarm(cloudwatch, "runs-a-function", arn)
    cloudwatch.set_alarm_state(AlarmName="runs-a-function", StateValue="ALARM", StateReason="test")
    (event,) = queue.bodies()
    assert (event["source"], event["accountId"]) == ("aws.cloudwatch", "000000000000")
    assert event["alarmData"]["alarmName"] == "runs-a-function"
    assert event["alarmData"]["state"]["value"] == "ALARM"


def test_a_function_that_is_not_there_is_a_failed_action(platform: Platform) -> None:
    cloudwatch = platform.client("cloudwatch")
    gone = "arn:aws:lambda:us-east-1:000000000000:function:gone"
    put_silent_alarm(cloudwatch, "runs-nothing", gone)
    cloudwatch.set_alarm_state(AlarmName="runs-nothing", StateValue="ALARM", StateReason="test")

    def failed() -> Any:
        history = cloudwatch.describe_alarm_history(
            AlarmName="runs-nothing", HistoryItemType="Action"
        )["AlarmHistoryItems"]
        return [one for one in history if "Failed" in one["HistorySummary"]]

    assert "Function not found" in until(failed)[0]["HistoryData"]
