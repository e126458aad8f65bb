"""What queues and buses are told of objects that clients write and remove."""

from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from argosy.testing import Platform
from tests.support.event_queues import EventQueue, open_policy


@pytest.fixture
def bucket(platform: Platform, request: pytest.FixtureRequest) -> str:
    name = "events-" + request.node.name.replace("_", "-")[5:45].strip("-")
    platform.client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def queue(platform: Platform, request: pytest.FixtureRequest) -> EventQueue:
    return EventQueue(platform, f"s3-{request.node.name[5:60]}", "s3")


def notify(platform: Platform, bucket: str, queue: EventQueue, *events: str, **rules: str) -> None:
    """Have the queue told of these events; its test message is taken away."""
    given = [{"Name": name, "Value": value} for name, value in rules.items()]
    entry = {
        "Id": "it",
        "QueueArn": queue.arn,
        "Events": [f"s3:{event}" for event in events],
        "Filter": {"Key": {"FilterRules": given}},
    }
    platform.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [entry]}
    )
    (message,) = queue.bodies()
    assert (message["Event"], message["Bucket"]) == ("s3:TestEvent", bucket)


def told(queue: EventQueue, count: int = 1) -> list[tuple[str, str, Any]]:
    """(event, key, size) of what the queue was told, by sequencer."""
    records = [body["Records"][0] for body in queue.bodies(count)]
    records.sort(key=lambda record: record["s3"]["object"]["sequencer"])
    return [
        (record["eventName"], record["s3"]["object"]["key"], record["s3"]["object"].get("size"))
        for record in records
    ]


def test_an_object_that_was_put_is_told_with_its_size_and_etag(
    platform: Platform, bucket: str, queue: EventQueue
) -> None:
    notify(platform, bucket, queue, "ObjectCreated:*", prefix="in/", suffix=".csv")
    s3 = platform.client("s3")
    s3.put_object(Bucket=bucket, Key="out/b.csv", Body=b"no")
    answer = s3.put_object(Bucket=bucket, Key="in/a b.csv", Body=b"1,2,3")
    (message,) = queue.bodies()
    (record,) = message["Records"]
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["configurationId"] == "it"
    assert record["s3"]["bucket"]["name"] == bucket
    thing = record["s3"]["object"]
    assert (thing["key"], thing["size"]) == ("in/a+b.csv", 5)
    assert thing["eTag"] == answer["ETag"].strip('"')
    assert record["requestParameters"]["sourceIPAddress"] == "127.0.0.1"


def test_copies_uploads_in_parts_and_forms_are_told_by_their_names(
    platform: Platform, bucket: str, queue: EventQueue
) -> None:
    notify(platform, bucket, queue, "ObjectCreated:*")
    s3 = platform.client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"four")
    s3.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="c")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="c", UploadId=upload, PartNumber=1, Body=b"x" * 10)
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key="c",
        UploadId=upload,
        MultipartUpload={"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]},
    )
    form = s3.generate_presigned_post(bucket, "d")
    fields = {**form["fields"], "file": ("d", b"posted")}
    with urllib3.PoolManager() as http:
        assert http.request("POST", form["url"], fields=fields).status < 300
    assert told(queue, 4) == [
        ("ObjectCreated:Put", "a", 4),
        ("ObjectCreated:Copy", "b", 4),
        ("ObjectCreated:CompleteMultipartUpload", "c", 10),
        ("ObjectCreated:Post", "d", 6),
    ]


def test_removals_are_told_one_by_one_also_of_a_batch(
    platform: Platform, bucket: str, queue: EventQueue
) -> None:
    s3 = platform.client("s3")
    for key in "abcde":
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    notify(platform, bucket, queue, "ObjectRemoved:*")
    s3.delete_object(Bucket=bucket, Key="a")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}, {"Key": "c"}]})
    s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "d"}, {"Key": "e"}], "Quiet": True}
    )
    assert told(queue, 5) == [("ObjectRemoved:Delete", key, None) for key in "abcde"]


def test_a_versioned_bucket_tells_of_delete_markers(
    platform: Platform, bucket: str, queue: EventQueue
) -> None:
    s3 = platform.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    notify(platform, bucket, queue, "ObjectCreated:*", "ObjectRemoved:*")
    version = s3.put_object(Bucket=bucket, Key="a", Body=b"x")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="a")
    s3.delete_object(Bucket=bucket, Key="a", VersionId=version)
    records = [body["Records"][0] for body in queue.bodies(3)]
    records.sort(key=lambda record: record["s3"]["object"]["sequencer"])
    assert [record["eventName"] for record in records] == [
        "ObjectCreated:Put",
        "ObjectRemoved:DeleteMarkerCreated",
        "ObjectRemoved:Delete",
    ]
    assert records[0]["s3"]["object"]["versionId"] == version
    assert records[2]["s3"]["object"]["versionId"] == version


def test_a_quiet_batch_in_a_versioned_bucket_makes_markers_too(
    platform: Platform, bucket: str, queue: EventQueue
) -> None:
    s3 = platform.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="b", Body=b"x")["VersionId"]
    notify(platform, bucket, queue, "ObjectRemoved:*")
    removed = [{"Key": "a"}, {"Key": "b", "VersionId": version}]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": removed, "Quiet": True})
    assert told(queue, 2) == [
        ("ObjectRemoved:DeleteMarkerCreated", "a", None),
        ("ObjectRemoved:Delete", "b", None),
    ]


def test_a_write_that_fails_is_told_to_nobody(
    platform: Platform, bucket: str, queue: EventQueue
) -> None:
    notify(platform, bucket, queue, "ObjectCreated:*")
    s3 = platform.client("s3")
    with pytest.raises(ClientError):
        s3.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "missing"})
    s3.put_object(Bucket=bucket, Key="good", Body=b"x")
    assert told(queue) == [("ObjectCreated:Put", "good", 1)]


def test_tags_of_objects_are_told(platform: Platform, bucket: str, queue: EventQueue) -> None:
    notify(platform, bucket, queue, "ObjectTagging:*")
    s3 = platform.client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    tags = {"TagSet": [{"Key": "k", "Value": "v"}]}
    s3.put_object_tagging(Bucket=bucket, Key="a", Tagging=tags)
    s3.delete_object_tagging(Bucket=bucket, Key="a")
    assert [event for event, _, _ in told(queue, 2)] == [
        "ObjectTagging:Put",
        "ObjectTagging:Delete",
    ]


def test_a_topic_passes_on_what_it_is_told(
    platform: Platform, bucket: str, queue: EventQueue
) -> None:
    sns = platform.client("sns")
    topic = sns.create_topic(Name="of-objects")["TopicArn"]
    policy = open_policy("s3.amazonaws.com", "sns:Publish", topic)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    entry = {"TopicArn": topic, "Events": ["s3:ObjectCreated:Put"]}
    s3 = platform.client("s3")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"TopicConfigurations": [entry]}
    )
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    subjects = [body["Subject"] for body in queue.bodies(2)]
    assert subjects == ["Amazon S3 Notification"] * 2


def test_a_configuration_that_is_taken_away_tells_no_more(
    platform: Platform, bucket: str, queue: EventQueue
) -> None:
    notify(platform, bucket, queue, "ObjectCreated:*")
    s3 = platform.client("s3")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    s3.put_object(Bucket=bucket, Key="unseen", Body=b"x")
    notify(platform, bucket, queue, "ObjectCreated:*")
    s3.put_object(Bucket=bucket, Key="seen", Body=b"x")
    assert told(queue) == [("ObjectCreated:Put", "seen", 1)]


def test_a_bucket_takes_its_notifications_with_it(
    platform: Platform, bucket: str, queue: EventQueue
) -> None:
    s3 = platform.client("s3")
    notify(platform, bucket, queue, "ObjectCreated:*")
    s3.delete_bucket(Bucket=bucket)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.get_bucket_notification_configuration(Bucket=bucket)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        notify(platform, bucket, queue, "ObjectCreated:*")
    s3.create_bucket(Bucket=bucket)
    kept = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert "QueueConfigurations" not in kept
