"""SNS's deliveries to URLs, on a real platform: confirmed, signed, retried, buried, ended."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from argosy.messaging.notification import to_sign
from argosy.testing import Platform
from tests.support.endpoints import until
from tests.support.subscriber import Subscriber


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    made = Subscriber()
    yield made
    made.close()


@pytest.fixture
def sns(platform: Platform) -> Any:
    return platform.client("sns")


def visit(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return bytes(answer.read())


def subscribe(sns: Any, subscriber: Subscriber, name: str, **attributes: str) -> tuple[str, str]:
    """Topic and subscription, confirmed as a subscriber does: by visiting the URL it was sent."""
    topic = sns.create_topic(Name=name)["TopicArn"]
    arn = sns.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint=subscriber.url,
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    asked = subscriber.wait("SubscriptionConfirmation")
    assert arn.encode() in visit(asked["SubscribeURL"])
    return topic, arn


def proven(document: dict[str, Any]) -> bool:
    """Whether the signature is that of the certificate it names. Raises when it is not."""
    certificate = x509.load_pem_x509_certificate(visit(document["SigningCertURL"]))
    digest = hashes.SHA256() if document["SignatureVersion"] == "2" else hashes.SHA1()
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(document["Signature"])
    key.verify(signature, to_sign(document).encode(), padding.PKCS1v15(), digest)
    return True


def test_a_url_hears_nothing_before_it_has_confirmed(sns: Any, subscriber: Subscriber) -> None:
    topic = sns.create_topic(Name="url-pending")["TopicArn"]
    made = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=subscriber.url)
    asked = subscriber.wait("SubscriptionConfirmation")

    sns.publish(TopicArn=topic, Message="too early")
    confirmed = sns.confirm_subscription(TopicArn=topic, Token=asked["Token"])
    sns.publish(TopicArn=topic, Message="in time", Subject="news")

    assert made["SubscriptionArn"] == "pending confirmation"
    assert subscriber.wait("Notification")["Message"] == "in time"
    listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [one["SubscriptionArn"] for one in listed] == [confirmed["SubscriptionArn"]]
    assert len(subscriber.said("Notification")) == 1


def test_what_a_url_is_sent_is_signed_and_says_where_to_unsubscribe(
    sns: Any, subscriber: Subscriber
) -> None:
    topic, arn = subscribe(sns, subscriber, "url-signed")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")

    published = sns.publish(
        TopicArn=topic,
        Message="häl\nlo",
        Subject="s",
        MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}},
    )

    said = subscriber.wait("Notification")
    assert proven(subscriber.said("SubscriptionConfirmation")[0])
    assert proven(said)
    assert said["MessageId"] == published["MessageId"]
    assert said["MessageAttributes"] == {"k": {"Type": "String", "Value": "v"}}
    headers = subscriber.got[-1][0]
    assert headers["x-amz-sns-topic-arn"] == topic
    assert headers["x-amz-sns-subscription-arn"] == arn
    assert headers["Content-Type"] == "text/plain; charset=UTF-8"
    visit(said["UnsubscribeURL"])
    assert proven(subscriber.wait("UnsubscribeConfirmation"))
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_a_raw_delivery_is_the_message_alone(sns: Any, subscriber: Subscriber) -> None:
    policy = json.dumps({"requestPolicy": {"headerContentType": "application/json"}})
    topic, _ = subscribe(
        sns, subscriber, "url-raw", RawMessageDelivery="true", DeliveryPolicy=policy
    )

    sns.publish(TopicArn=topic, Message='{"a": 1}')

    until(lambda: len(subscriber.got) == 2)
    headers, body = subscriber.got[-1]
    assert body == '{"a": 1}'
    assert headers["x-amz-sns-rawdelivery"] == "true"
    assert headers["Content-Type"] == "application/json"


def test_a_delivery_is_tried_again_as_the_policy_says(sns: Any, subscriber: Subscriber) -> None:
    retries = {"numRetries": 3, "numNoDelayRetries": 2, "minDelayTarget": 1, "maxDelayTarget": 1}
    policy = json.dumps({"healthyRetryPolicy": retries})
    topic, _ = subscribe(sns, subscriber, "url-retried", DeliveryPolicy=policy)
    subscriber.statuses = [500, 429, 503]

    sns.publish(TopicArn=topic, Message="at last")

    subscriber.wait("Notification", 4)
    assert [one["Message"] for one in subscriber.said("Notification")] == ["at last"] * 4


@pytest.mark.parametrize(("statuses", "tries"), [([500, 500], 2), ([404], 1)])
def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(
    platform: Platform, sns: Any, subscriber: Subscriber, statuses: list[int], tries: int
) -> None:
    sqs = platform.client("sqs")
    name = f"url-dead-{tries}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    redrive = json.dumps({"deadLetterTargetArn": found["Attributes"]["QueueArn"]})
    policy = json.dumps({"healthyRetryPolicy": {"numRetries": 1, "numNoDelayRetries": 1}})
    topic, _ = subscribe(sns, subscriber, name, RedrivePolicy=redrive, DeliveryPolicy=policy)
    subscriber.statuses = statuses

    published = sns.publish(TopicArn=topic, Message="lost?")

    received = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    document = json.loads(received[0]["Body"])
    assert (document["Message"], document["MessageId"]) == ("lost?", published["MessageId"])
    assert len(subscriber.said("Notification")) == tries


def test_links_with_a_token_that_is_none_are_refused(platform: Platform, sns: Any) -> None:
    topic = sns.create_topic(Name="url-guessed")["TopicArn"]

    with pytest.raises(urllib.error.HTTPError) as refused:
        visit(f"{platform.url}/?Action=ConfirmSubscription&TopicArn={topic}&Token=guess")

    with refused.value as answer:
        assert answer.code == 400
        assert b"Invalid token" in answer.read()
    with pytest.raises(urllib.error.HTTPError) as other:
        visit(f"{platform.url}/?Action=ListTopics")
    with other.value as answer:
        assert answer.code == 403


def test_a_guarded_subscription_is_ended_only_by_who_signs(
    sns: Any, subscriber: Subscriber
) -> None:
    topic = sns.create_topic(Name="url-guarded")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=subscriber.url)
    token = subscriber.wait("SubscriptionConfirmation")["Token"]
    arn = sns.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")[
        "SubscriptionArn"
    ]
    sns.publish(TopicArn=topic, Message="x")
    link = subscriber.wait("Notification")["UnsubscribeURL"]
    visit(subscriber.said("SubscriptionConfirmation")[0]["SubscribeURL"])  # takes no guard away

    with pytest.raises(urllib.error.HTTPError) as refused:
        visit(link)

    with refused.value as answer:
        assert answer.code == 403
    sns.unsubscribe(SubscriptionArn=arn)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
