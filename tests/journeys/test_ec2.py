"""EC2 instances on a whole platform: user data, a root volume, and whoever switches them off."""

from typing import Any

import pytest
from tests.support.endpoints import until
from tests.support.machines import SLOW_S, logged, named

from argosy.services.ec2.images import IMAGE_ID
from argosy.state.ec2_instances import LOG_GROUP
from argosy.testing import Platform

QUICK = {"Delay": 1, "MaxAttempts": 120}
TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": "ec2.amazonaws.com"}}]}'
)


@pytest.fixture(scope="module")
def ec2(platform: Platform) -> Any:
    return platform.client("ec2")


def run(ec2: Any, **more: Any) -> str:
    """A new instance, running."""
    made = ec2.run_instances(ImageId=IMAGE_ID, MinCount=1, MaxCount=1, **more)
    instance_id = str(made["Instances"][0]["InstanceId"])
    wait(ec2, "running", instance_id)
    return instance_id


def wait(ec2: Any, state: str, instance_id: str) -> None:
    ec2.get_waiter(f"instance_{state}").wait(InstanceIds=[instance_id], WaiterConfig=QUICK)


def said(platform: Platform, instance_id: str) -> list[str]:
    """What its user data printed."""
    try:
        return logged(platform, instance_id, "user-data.log", LOG_GROUP)
    except platform.client("logs").exceptions.ResourceNotFoundException:
        return []


def state(ec2: Any, instance_id: str) -> dict[str, Any]:
    found = ec2.describe_instances(InstanceIds=[instance_id])
    return dict(found["Reservations"][0]["Instances"][0])


def test_user_data_runs_once_and_the_root_volume_outlives_a_stop(
    platform: Platform, ec2: Any
) -> None:
    platform.client("iam").create_role(RoleName="ec2-trainer", AssumeRolePolicyDocument=TRUST)
    script = (
        "#!/bin/bash\necho ran >> /boots.txt\nsleep 86396 &\n"
        'python -c \'import boto3; print(boto3.client("sts").get_caller_identity()["Arn"])\'\n'
    )
    one = run(ec2, UserData=script, IamInstanceProfile={"Name": "ec2-trainer"})
    until(lambda: len(said(platform, one)) == 1, SLOW_S)
    assert said(platform, one) == [
        f"arn:aws:sts::000000000000:assumed-role/ec2-trainer/{one}",
    ]
    assert len(named("sleep\x0086396")) == 1

    ec2.stop_instances(InstanceIds=[one])
    wait(ec2, "stopped", one)

    assert named("sleep\x0086396") == []
    assert state(ec2, one)["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    ec2.start_instances(InstanceIds=[one])
    wait(ec2, "running", one)
    [volume] = (platform.data_dir / "volumes").glob("*/boots.txt")
    assert volume.read_text() == "ran\n"
    assert named("sleep\x0086396") == []
    ec2.terminate_instances(InstanceIds=[one])
    wait(ec2, "terminated", one)
    assert not volume.exists()


@pytest.mark.parametrize(("behaviour", "ends"), [("stop", "stopped"), ("terminate", "terminated")])
def test_a_script_that_ends_with_shutdown_switches_its_machine_off(
    platform: Platform, ec2: Any, behaviour: str, ends: str
) -> None:
    script = "#!/bin/sh\necho done\nsudo shutdown -h now\n"
    made = ec2.run_instances(
        ImageId=IMAGE_ID,
        MinCount=1,
        MaxCount=1,
        UserData=script,
        InstanceInitiatedShutdownBehavior=behaviour,
    )
    one = made["Instances"][0]["InstanceId"]

    until(lambda: state(ec2, one)["State"]["Name"] == ends, SLOW_S)

    assert state(ec2, one)["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    assert said(platform, one) == ["done"]
    ec2.terminate_instances(InstanceIds=[one])


def test_a_reboot_ends_what_runs_and_keeps_the_instance_running(
    platform: Platform, ec2: Any
) -> None:
    one = run(ec2, UserData="#!/bin/sh\nsleep 86395 &\n")
    until(lambda: named("sleep\x0086395"), SLOW_S)

    ec2.reboot_instances(InstanceIds=[one])

    until(lambda: not named("sleep\x0086395"), SLOW_S)
    wait(ec2, "running", one)
    ec2.terminate_instances(InstanceIds=[one])


def test_an_alarm_stops_the_instance_that_it_looks_at(platform: Platform, ec2: Any) -> None:
    one, other = run(ec2), run(ec2)
    groups = ec2.describe_instances(InstanceIds=[one, other])["Reservations"]
    assert [[i["InstanceId"] for i in group["Instances"]] for group in groups] == [[one], [other]]
    cloudwatch = platform.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="ec2-idle",
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "InstanceId", "Value": one}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5.0,
        ComparisonOperator="LessThanThreshold",
        AlarmActions=[f"arn:aws:automate:{platform.region}:ec2:stop"],
    )

    cloudwatch.set_alarm_state(AlarmName="ec2-idle", StateValue="ALARM", StateReason="idle")

    wait(ec2, "stopped", one)
    history = cloudwatch.describe_alarm_history(AlarmName="ec2-idle", HistoryItemType="Action")
    [item] = history["AlarmHistoryItems"]
    assert item["HistorySummary"].startswith("Successfully executed action")
    cloudwatch.delete_alarms(AlarmNames=["ec2-idle"])
    assert state(ec2, other)["State"]["Name"] == "running"
    ec2.terminate_instances(InstanceIds=[one, other])
