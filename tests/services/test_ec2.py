"""EC2 at its API: what is written, how it is described, what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.services.ec2.images import IMAGE_ID
from argosy.services.ec2.running import MOST
from argosy.state.ec2_instances import EC2_INSTANCE
from argosy.state.events import EventOutbox
from tests.support.api_client import ApiServer

Refused = Callable[..., str]


@pytest.fixture(scope="module")
def one_ec2(one_server: ApiServer) -> Any:
    return one_server.client("ec2")


@pytest.fixture
def ec2(server: ApiServer, one_ec2: Any) -> Any:
    return one_ec2


def run(ec2: Any, count: int = 1, **more: Any) -> list[str]:
    asked = {"ImageId": IMAGE_ID, "InstanceType": "t3.micro", "MinCount": count, "MaxCount": count}
    made = ec2.run_instances(**asked, **more)
    return [one["InstanceId"] for one in made["Instances"]]


def now_in(server: ApiServer, instance_id: str, status: str) -> None:
    """What control would write."""
    record = server.records.get(EC2_INSTANCE, DEFAULT_ACCOUNT, DEFAULT_REGION, instance_id)
    assert record is not None
    server.records.update(record, now=server.clock.now(), status=status)


def described(ec2: Any, **asked: Any) -> list[dict[str, Any]]:
    answer = ec2.describe_instances(**asked)
    return [one for group in answer["Reservations"] for one in group["Instances"]]


def named(ec2: Any, *filters: tuple[str, str]) -> set[str]:
    asked = [{"Name": name, "Values": [value]} for name, value in filters]
    return {one["InstanceId"] for one in described(ec2, Filters=asked)}


def test_a_new_instance_is_pending_and_described(ec2: Any) -> None:
    tags = [{"Key": "Name", "Value": "trainer"}]
    [one] = run(ec2, TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])

    [found] = described(ec2, InstanceIds=[one])

    assert found["State"] == {"Code": 0, "Name": "pending"}
    assert (found["InstanceType"], found["ImageId"]) == ("t3.micro", IMAGE_ID)
    assert found["Tags"] == tags
    assert found["SecurityGroups"] == found["NetworkInterfaces"] == []


@pytest.mark.parametrize(
    ("status", "call", "members", "after"),
    [
        ("stopped", "start", "StartingInstances", "pending"),
        ("running", "start", "StartingInstances", "running"),
        ("running", "stop", "StoppingInstances", "stopping"),
        ("stopped", "stop", "StoppingInstances", "stopped"),
        ("running", "terminate", "TerminatingInstances", "shutting-down"),
        ("terminated", "terminate", "TerminatingInstances", "terminated"),
    ],
)
def test_each_call_tells_the_state_before_and_after(
    server: ApiServer, ec2: Any, status: str, call: str, members: str, after: str
) -> None:
    [one] = run(ec2)
    now_in(server, one, status)

    [told] = getattr(ec2, f"{call}_instances")(InstanceIds=[one])[members]

    assert (told["PreviousState"]["Name"], told["CurrentState"]["Name"]) == (status, after)
    assert described(ec2, InstanceIds=[one])[0]["State"]["Name"] == after


@pytest.mark.parametrize(
    ("status", "call", "word"),
    [
        ("stopping", "start", "started"),
        ("terminated", "start", "started"),
        ("terminated", "stop", "stopped"),
        ("stopped", "reboot", "rebooted"),
    ],
)
def test_a_call_in_the_wrong_state_is_refused_for_all(
    server: ApiServer, ec2: Any, refused: Refused, status: str, call: str, word: str
) -> None:
    good, bad = run(ec2, 2)
    now_in(server, bad, status)
    before = described(ec2, InstanceIds=[good])

    why = refused(
        getattr(ec2, f"{call}_instances"), "IncorrectInstanceState", InstanceIds=[good, bad]
    )

    assert why == f"The instance '{bad}' is not in a state from which it can be {word}."
    assert described(ec2, InstanceIds=[good]) == before


def test_ids_that_are_wrong_or_unknown_are_named(ec2: Any, refused: Refused) -> None:
    unknown = "i-00000000000000000"
    why = refused(ec2.stop_instances, "InvalidInstanceID.NotFound", InstanceIds=[unknown])
    assert why == f"The instance ID '{unknown}' does not exist"
    why = refused(ec2.describe_instances, "InvalidInstanceID.Malformed", InstanceIds=["x"])
    assert why == 'Invalid id: "x"'


def test_a_call_for_no_instance_at_all_lacks_a_parameter(ec2: Any, refused: Refused) -> None:
    """What a script sends whose search has found none."""
    why = refused(ec2.start_instances, "MissingParameter", InstanceIds=[])
    assert why == "The request must contain the parameter InstanceIds"
    assert refused(ec2.create_tags, "MissingParameter", Resources=["i-1"], Tags=[])


def test_a_dry_run_changes_nothing(ec2: Any, refused: Refused) -> None:
    [one] = run(ec2)
    why = refused(ec2.terminate_instances, "DryRunOperation", InstanceIds=[one], DryRun=True)
    assert why == "Request would have succeeded, but DryRun flag is set."
    assert described(ec2)[0]["State"]["Name"] == "pending"


def test_filters_all_hold_and_know_wildcards(server: ApiServer, ec2: Any, refused: Refused) -> None:
    first, second = run(ec2, 2)
    now_in(server, second, "running")
    ec2.create_tags(Resources=[first], Tags=[{"Key": "role", "Value": "train-1"}])

    assert named(ec2, ("instance-state-name", "running")) == {second}
    assert named(ec2, ("tag:role", "train-*")) == {first}
    assert named(ec2, ("tag:role", "train-?"), ("instance-state-code", "16")) == set()
    assert named(ec2, ("tag-key", "role")) == {first}
    bad = [{"Name": "colour", "Values": ["red"]}]
    why = refused(ec2.describe_instances, "InvalidParameterValue", Filters=bad)
    assert why == "The filter 'colour' is invalid"


def test_pages_hold_each_instance_once(ec2: Any) -> None:
    made = set(run(ec2, 7))
    pages = ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5})
    found = [
        one["InstanceId"]
        for page in pages
        for group in page["Reservations"]
        for one in group["Instances"]
    ]
    assert len(found) == 7
    assert set(found) == made


def test_tags_are_added_listed_and_deleted(ec2: Any) -> None:
    [one] = run(ec2)
    ec2.create_tags(Resources=[one], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    ec2.delete_tags(Resources=[one], Tags=[{"Key": "a"}, {"Key": "b", "Value": "other"}])

    found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [one]}])["Tags"]

    tag = {"Key": "b", "Value": "2", "ResourceId": one, "ResourceType": "instance"}
    assert found == [tag]


def test_the_same_client_token_makes_no_second_instance(ec2: Any) -> None:
    assert run(ec2, ClientToken="once") == run(ec2, ClientToken="once")
    assert len(described(ec2)) == 1


def test_there_is_one_image(ec2: Any, refused: Refused) -> None:
    [image] = ec2.describe_images(Owners=["self"])["Images"]
    assert (image["ImageId"], image["Name"]) == (IMAGE_ID, "argosy-local")
    why = refused(
        ec2.run_instances, "InvalidAMIID.NotFound", ImageId="ami-1", MinCount=1, MaxCount=1
    )
    assert IMAGE_ID in why


@pytest.mark.parametrize(
    ("member", "code"),
    [
        ({"KeyName": "mine"}, "InvalidKeyPair.NotFound"),
        ({"SecurityGroupIds": ["sg-1"]}, "InvalidGroup.NotFound"),
        ({"SubnetId": "subnet-1"}, "InvalidSubnetID.NotFound"),
        ({"UserData": "#cloud-config\n"}, "UnsupportedOperation"),
        ({"UserData": "#!" + "x" * 16_384}, "InvalidParameterValue"),
        ({"IamInstanceProfile": {"Name": "nobody"}}, "InvalidParameterValue"),
        ({"InstanceType": "z9.vast"}, "InvalidParameterValue"),
        ({"InstanceMarketOptions": {"MarketType": "spot"}}, "UnsupportedOperation"),
        ({"BlockDeviceMappings": [{"Ebs": {"VolumeSize": -1}}]}, "InvalidParameterValue"),
        ({"BlockDeviceMappings": [{"VirtualName": "ephemeral0"}]}, "UnsupportedOperation"),
        ({"MaxCount": MOST + 1, "MinCount": MOST + 1}, "InstanceLimitExceeded"),
    ],
)
def test_what_there_is_none_of_is_refused(
    ec2: Any, refused: Refused, member: dict[str, Any], code: str
) -> None:
    asked = {"ImageId": IMAGE_ID, "MinCount": 1, "MaxCount": 1, **member}
    assert refused(ec2.run_instances, code, **asked)
    assert described(ec2) == []


def test_changes_of_state_are_told_to_eventbridge(server: ApiServer, ec2: Any) -> None:
    outbox = EventOutbox(server.records.transactions)
    before = outbox.last()
    [one] = run(ec2)
    ec2.stop_instances(InstanceIds=[one])

    told = [event for event in outbox.after(before) if event.source == "aws.ec2"]
    assert [event.detail for event in told] == [
        {"instance-id": one, "state": "pending"},
        {"instance-id": one, "state": "stopping"},
    ]
    assert told[0].detail_type == "EC2 Instance State-change Notification"


def test_pages_go_on_when_an_instance_has_left_the_list(server: ApiServer, ec2: Any) -> None:
    made = run(ec2, 8)
    for one in made:
        now_in(server, one, "running")
    wanted = [{"Name": "instance-state-name", "Values": ["running"]}]
    first = ec2.describe_instances(Filters=wanted, MaxResults=5)
    shown = {one["InstanceId"] for group in first["Reservations"] for one in group["Instances"]}
    left = [one for one in made if one not in shown]

    for one in left[:2]:
        now_in(server, one, "stopping")
    rest = described(ec2, Filters=wanted, MaxResults=5, NextToken=first["NextToken"])

    assert {one["InstanceId"] for one in rest} == set(left[2:])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"MaxResults": 4}, "InvalidParameterValue"),
        ({"MaxResults": 1001}, "InvalidParameterValue"),
        ({"NextToken": "nonsense"}, "InvalidNextToken"),
        ({"NextToken": "WzFd"}, "InvalidNextToken"),
        ({"DryRun": True}, "DryRunOperation"),
        ({"Filters": [{"Name": "tag:a", "Values": ["x"] * 201}]}, "FilterLimitExceeded"),
    ],
)
def test_a_describe_call_that_cannot_be_answered_says_why(
    ec2: Any, refused: Refused, asked: dict[str, Any], code: str
) -> None:
    run(ec2)
    assert refused(ec2.describe_instances, code, **asked)


def test_ids_and_pages_do_not_go_together(ec2: Any, refused: Refused) -> None:
    [one] = run(ec2)
    code = "InvalidParameterCombination"
    assert refused(ec2.describe_instances, code, InstanceIds=[one], MaxResults=5)


def test_filters_find_by_what_describe_shows(ec2: Any) -> None:
    first, second = run(ec2, 2, Monitoring={"Enabled": True})

    assert named(ec2, ("launch-index", "1")) == {second}
    assert named(ec2, ("monitoring-state", "enabled"), ("tenancy", "default")) == {first, second}
    assert named(ec2, ("vpc-id", "*")) == set(), "there is none in a VPC"


@pytest.mark.timeout(60)
def test_a_filter_of_many_stars_holds_nobody_up(ec2: Any) -> None:
    [one] = run(ec2)
    ec2.create_tags(Resources=[one], Tags=[{"Key": "a", "Value": "a" * 256}])

    assert named(ec2, ("tag:a", "*a" * 100 + "*b")) == set()


def test_the_status_is_found_by_state_and_health(server: ApiServer, ec2: Any) -> None:
    first, second = run(ec2, 2)
    now_in(server, first, "running")

    def found(name: str, value: str, **more: Any) -> set[str]:
        asked = [{"Name": name, "Values": [value]}]
        answer = ec2.describe_instance_status(Filters=asked, **more)
        return {one["InstanceId"] for one in answer["InstanceStatuses"]}

    assert found("instance-status.status", "ok") == {first}
    assert found("instance-state-name", "pending") == set()
    assert found("instance-state-name", "pending", IncludeAllInstances=True) == {second}
    assert found("system-status.reachability", "passed", IncludeAllInstances=True) == {first}


@pytest.mark.parametrize("call", ["stop_instances", "terminate_instances"])
@pytest.mark.parametrize("hurry", ["Force", "SkipOsShutdown"])
def test_an_end_in_a_hurry_waits_for_no_process(
    server: ApiServer, ec2: Any, call: str, hurry: str
) -> None:
    [one] = run(ec2)
    now_in(server, one, "running")

    getattr(ec2, call)(InstanceIds=[one], **{hurry: True})

    record = server.records.get(EC2_INSTANCE, DEFAULT_ACCOUNT, DEFAULT_REGION, one)
    assert record is not None
    assert record.document["machine"]["force"] is True


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ({"Key": "k" * 128, "Value": ""}, "maximum length of 127"),
        ({"Key": "k", "Value": "v" * 257}, "maximum length of 256"),
        ({"Key": "aws:k", "Value": ""}, "prefix aws:"),
    ],
)
def test_a_tag_out_of_its_bounds_is_refused(
    ec2: Any, refused: Refused, tag: dict[str, str], message: str
) -> None:
    [one] = run(ec2)
    why = refused(ec2.create_tags, "InvalidParameterValue", Resources=[one], Tags=[tag])
    assert message in why


def test_a_client_token_belongs_to_one_request(ec2: Any, refused: Refused) -> None:
    run(ec2, ClientToken="once")
    asked = {"ImageId": IMAGE_ID, "MinCount": 1, "MaxCount": 1, "ClientToken": "once"}
    code = "IdempotentParameterMismatch"
    assert refused(ec2.run_instances, code, InstanceType="t3.large", **asked)
