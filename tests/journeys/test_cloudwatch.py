"""CloudWatch against a real platform: values are put, alarms go off, topics are told."""

import json
import time
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.support.clients import INSTALL_S, Client
from tests.support.command import argosy
from tests.support.endpoints import ROWS, classifier, deploy, model_archive, predict, until
from tests.support.protocols import CBOR, JSON, QUERY, client_of, speaking
from tests.support.silent_alarms import put_silent_alarm

from argosy.testing import Platform


def subscribed(platform: Platform, name: str) -> tuple[str, str]:
    """A topic, and the URL of a queue that gets its messages as they are."""
    sns, sqs = platform.client("sns"), platform.client("sqs")
    topic = sns.create_topic(Name=name)["TopicArn"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:{platform.region}:{topic.split(':')[4]}:{name}"
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"RawMessageDelivery": "true"},
    )
    return topic, url


def told(platform: Platform, url: str) -> dict[str, Any]:
    """The next message of a queue."""
    sqs = platform.client("sqs")

    def received() -> Any:
        return sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages")

    (message,) = until(received)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return dict(json.loads(message["Body"]))


@pytest.mark.parametrize("protocol", [JSON, QUERY, CBOR])
def test_an_alarm_on_values_that_were_put_tells_a_topic(platform: Platform, protocol: str) -> None:
    name = f"high-{protocol}"
    cloudwatch = client_of(platform.client, "cloudwatch", protocol)
    topic, url = subscribed(platform, name)
    ago = datetime.now(UTC) - timedelta(seconds=15)
    cloudwatch.put_metric_data(
        Namespace="Journey",
        MetricData=[{"MetricName": name, "Value": 50.0, "Timestamp": ago, "StorageResolution": 1}],
    )
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Journey",
        MetricName=name,
        Statistic="Maximum",
        Period=10,
        EvaluationPeriods=1,
        Threshold=10.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )

    message = told(platform, url)

    assert (message["AlarmName"], message["NewStateValue"]) == (name, "ALARM")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert alarm["StateReason"] == message["NewStateReason"]
    assert json.loads(alarm["StateReasonData"])["recentDatapoints"] == [50.0]
    history = cloudwatch.describe_alarm_history(AlarmName=name)["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in history if item["HistoryItemType"] == "Action"] == [
        f"Successfully executed action {topic}"
    ]
    cloudwatch.delete_alarms(AlarmNames=[name])


def test_a_drill_goes_through_a_composite_alarm(platform: Platform) -> None:
    cloudwatch = platform.client("cloudwatch")
    topic, url = subscribed(platform, "drill")
    put_silent_alarm(cloudwatch, "drill")
    cloudwatch.put_composite_alarm(
        AlarmName="drill-all", AlarmRule="ALARM(drill)", AlarmActions=[topic]
    )
    cloudwatch.set_alarm_state(AlarmName="drill", StateValue="ALARM", StateReason="a drill")

    message = told(platform, url)

    assert (message["AlarmName"], message["NewStateValue"]) == ("drill-all", "ALARM")
    assert "alarm:drill transitioned to ALARM" in message["NewStateReason"]
    cloudwatch.delete_alarms(AlarmNames=["drill-all"])
    cloudwatch.delete_alarms(AlarmNames=["drill"])


@pytest.mark.parametrize("protocol", [JSON, QUERY, CBOR])
def test_a_wrong_secret_is_told_in_the_clients_own_protocol(
    platform: Platform, protocol: str
) -> None:
    with speaking(protocol):
        stranger = boto3.client(
            "cloudwatch",
            endpoint_url=platform.url,
            region_name=platform.region,
            aws_access_key_id=platform.credentials.access_key_id,
            aws_secret_access_key="wrong",
        )
        with pytest.raises(ClientError) as raised:
            stranger.list_metrics()

    assert raised.value.response["Error"]["Code"] in (
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
    )


def test_a_form_of_old_clients_is_answered_in_xml(platform: Platform) -> None:
    asked = {"Action": "ListMetrics", "Version": "2010-08-01", "Namespace": "NoSuch"}
    body = urllib.parse.urlencode(asked).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = AWSRequest("POST", f"{platform.url}/", headers, body)
    key = platform.credentials
    signer = SigV4Auth(
        Credentials(key.access_key_id, key.secret_access_key), "monitoring", platform.region
    )
    signer.add_auth(request)

    prepared = urllib.request.Request(request.url, body, dict(request.headers))
    with urllib.request.urlopen(prepared, timeout=30) as answer:
        text = answer.read().decode()

    assert answer.headers["Content-Type"] == "text/xml"
    assert "<ListMetricsResult><Metrics" in text


def test_alarms_are_shown_with_why_they_ring(platform: Platform) -> None:
    cloudwatch = platform.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="shown",
        Namespace="Journey",
        MetricName="Nothing",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )

    def ringing() -> Any:
        return cloudwatch.describe_alarms(AlarmNames=["shown"], StateValue="ALARM")["MetricAlarms"]

    until(ringing)
    table = argosy(platform.environment(), "alarms", "shown").out
    told = json.loads(argosy(platform.environment(), "alarms", "shown", "--json").out)

    assert "Sum Nothing < 1, 1 of 1 × 60 s" in table
    assert "treated as [Breaching]" in told["alarms"][0]["StateReason"]
    assert "Alarm updated from INSUFFICIENT_DATA to ALARM" in table
    assert [one["StateValue"] for one in told["alarms"]] == ["ALARM"]
    cloudwatch.delete_alarms(AlarmNames=["shown"])


@pytest.mark.timeout(INSTALL_S + 360)
def test_values_and_alarms_from_a_shell(
    aws_cli: Client, platform: Platform, tmp_path: Path
) -> None:
    printed = aws_cli.shell("aws_cloudwatch.sh", str(int(time.time()) - 120), folder=tmp_path)

    said = dict(part.split("\n", 1) for part in printed.split("== ")[1:])
    assert said["statistics"].split() == ["6.0", "2.0", "Seconds"]
    assert said["math"].split() == ["600.0"]
    assert said["alarm"].split() == ["cli-high", "ALARM", "drill"]
    assert said["gone"].split() == []
    assert platform.client("cloudwatch").list_metrics(Namespace="Cli")["Metrics"]


def test_the_calls_of_an_endpoint_are_drawn(platform: Platform) -> None:
    deploy(platform, "drawn", model_archive(classifier()))
    runtime = platform.client("sagemaker-runtime")
    for _ in range(5):
        predict(runtime, "drawn", ROWS[:1])

    def drawn() -> Any:
        told = argosy(platform.environment(), "graph", "drawn", "--last", "10m", "--json")
        rows = json.loads(told.out)["variants"]["AllTraffic"] if told.code == 0 else []
        found = {row["metric"]: [one for one in row["values"] if one] for row in rows}
        return found if sum(found.get("calls / s", ())) * 60 > 4.9 else None

    found = until(drawn)
    assert sum(found["calls / s"]) * 60 == pytest.approx(5)
    assert found["model p99 ms"][0] > 0
    shown = argosy(platform.environment(), "graph", "drawn").out
    assert "drawn / AllTraffic" in shown
    assert "calls / s" in shown
    assert "not invoked yet" in argosy(platform.environment(), "graph", "gone").err
