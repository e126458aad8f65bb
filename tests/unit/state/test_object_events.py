"""Objects that were written: who is told, and in which form."""

import json
from typing import Any

import pytest

from argosy.state.event_deliveries import EventDeliveries, EventDelivery
from argosy.state.events import EventOutbox
from argosy.state.object_events import BUCKET_NOTIFICATION, Asker, happened
from argosy.state.records import Records

ACCOUNT = "000000000000"
QUEUE = "arn:aws:sqs:eu-west-1:000000000000:q"


def configure(records: Records, *entries: dict[str, Any], **more: Any) -> None:
    queues = [{"Id": f"n{i}", "QueueArn": QUEUE, **entry} for i, entry in enumerate(entries)]
    document = {"QueueConfigurations": queues, "Region": "eu-west-1", **more}
    records.create(BUCKET_NOTIFICATION, ACCOUNT, "", "b", document, now=1.0)


def filtered(**rules: str) -> dict[str, Any]:
    given = [{"Name": name, "Value": value} for name, value in rules.items()]
    return {"Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": given}}}


def put(records: Records, key: str, **more: Any) -> list[EventDelivery]:
    """What is to be delivered after an object was put."""
    happened(records, ACCOUNT, "b", key, "ObjectCreated:Put", 3, '"abc"', 5.0, **more)
    return EventDeliveries(records.transactions).due(5.0)


def test_a_bucket_without_a_configuration_tells_nobody(records: Records) -> None:
    assert put(records, "k") == []
    assert EventOutbox(records.transactions).last() == 0


def test_a_destination_is_told_in_the_form_of_s3(records: Records) -> None:
    configure(records, {"Events": ["s3:ObjectCreated:Put"]})
    asker = Asker("me", "10.0.0.9", "R1", "Root=1-2")
    (delivery,) = put(records, "in/a b+é.csv", version_id="v7", asker=asker)
    record = json.loads(delivery.body)["Records"][0]
    thing = record["s3"].pop("object")
    assert thing.pop("sequencer")
    assert thing == {"key": "in/a+b%2B%C3%A9.csv", "size": 3, "eTag": "abc", "versionId": "v7"}
    assert delivery.target == {"Arn": QUEUE}
    assert delivery.trace == "Root=1-2"
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-west-1",
        "eventTime": "1970-01-01T00:00:05.000Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "me"},
        "requestParameters": {"sourceIPAddress": "10.0.0.9"},
        "responseElements": {"x-amz-request-id": "R1", "x-amz-id-2": "R1"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "n0",
            "bucket": {
                "name": "b",
                "ownerIdentity": {"principalId": ACCOUNT},
                "arn": "arn:aws:s3:::b",
            },
        },
    }


@pytest.mark.parametrize(
    ("events", "told"),
    [
        (["s3:ObjectCreated:*"], True),
        (["s3:ObjectCreated:Copy"], False),
        (["s3:ObjectRemoved:*"], False),
        (["s3:ObjectCreated:Copy", "s3:ObjectCreated:Put"], True),
    ],
)
def test_only_the_events_that_are_asked_for_are_told(
    records: Records, events: list[str], told: bool
) -> None:
    configure(records, {"Events": events})
    assert bool(put(records, "k")) is told


@pytest.mark.parametrize(
    ("rules", "key", "told"),
    [
        ({"prefix": "in/"}, "in/x", True),
        ({"prefix": "in/"}, "out/x", False),
        ({"Suffix": ".csv"}, "x.csv", True),
        ({"suffix": ".csv"}, "x.csv.gz", False),
        ({"Prefix": "in/", "Suffix": ".csv"}, "in/x.csv", True),
        ({"prefix": "in/", "suffix": ".csv"}, "x.csv", False),
        ({"prefix": ""}, "anything", True),
    ],
)
def test_a_filter_looks_at_both_ends_of_the_key(
    records: Records, rules: dict[str, str], key: str, told: bool
) -> None:
    configure(records, filtered(**rules))
    assert bool(put(records, key)) is told


def test_sequencers_of_a_key_rise(records: Records) -> None:
    configure(records, {"Events": ["s3:ObjectCreated:*"]})
    for _ in range(3):
        found = put(records, "k")
    told = [json.loads(one.body)["Records"][0]["s3"]["object"]["sequencer"] for one in found]
    assert told == sorted(set(told))


def test_the_event_bus_is_told_of_everything_in_its_own_form(records: Records) -> None:
    configure(records, EventBridgeConfiguration={})
    happened(records, ACCOUNT, "b", "a b", "ObjectRemoved:DeleteMarkerCreated", None, "", 5.0)
    (event,) = EventOutbox(records.transactions).after(0)
    assert (event.source, event.detail_type) == ("aws.s3", "Object Deleted")
    assert event.resources == ["arn:aws:s3:::b"]
    assert event.detail["object"]["key"] == "a b"
    assert event.detail["deletion-type"] == "Delete Marker Created"
    assert "size" not in event.detail["object"]


def test_what_is_undone_is_told_to_nobody(records: Records) -> None:
    configure(records, {"Events": ["s3:ObjectCreated:*"]})

    def change() -> None:
        with records.transaction():
            put(records, "k")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        change()
    assert EventDeliveries(records.transactions).due(9.0) == []
