"""The loop of deliveries: fair, bounded, at the pace that is asked for. Nothing is sent here."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from argosy.ground.clock import SystemClock
from argosy.messaging import Messaging, Publication
from argosy.messaging.delivering import Delivering
from argosy.messaging.http_post import Outcome
from argosy.state.database import open_database
from argosy.state.records import Records

ACCOUNT, REGION = "000000000000", "us-east-1"


class Net:
    """Stands for http_post.post: keeps what was sent; URLs in `slow` wait to be let go."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.slow: set[str] = set()
        self.let_go = threading.Event()
        self.open = self.most_open = 0

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        if url in self.slow:
            self.let_go.wait(60)
        self.open -= 1
        self.sent.append((url, body.decode()))
        return Outcome(True)

    def to(self, url: str) -> list[str]:
        return [body for sent, body in self.sent if sent == url]


@pytest.fixture
def messaging(tmp_path: Path) -> Iterator[Messaging]:
    engine = open_database(tmp_path / "a.db")
    yield Messaging(Records(engine), SystemClock())
    engine.dispose()


def subscribed(messaging: Messaging, *urls: str, policy: str = "") -> str:
    """A topic with confirmed raw subscriptions; nothing waits to be delivered."""
    topic = messaging.topics.create(ACCOUNT, REGION, "t", {}, {})
    attributes = {"RawMessageDelivery": "true", **({"DeliveryPolicy": policy} if policy else {})}
    for url in urls:
        made = messaging.subscriptions.subscribe(topic, "http", url, attributes, "http://here")
        token = str(made.record.document["token"])
        messaging.subscriptions.confirm(topic, token, signed=False, guarded=False)
    messaging.deliveries.delete_all()
    return topic.arn


def delivered(messaging: Messaging, net: Net, until: Callable[[], bool]) -> None:
    """Run the loop until that is so."""

    async def scene() -> None:
        delivering = Delivering(messaging, net.post)
        delivering.start()
        async with asyncio.timeout(60):
            while not until():
                await asyncio.sleep(0.01)
        net.let_go.set()
        await delivering.stop()

    asyncio.run(scene())


def test_a_slow_subscriber_holds_up_no_other(messaging: Messaging) -> None:
    net = Net()
    net.slow = {"http://slow"}
    topic = subscribed(messaging, "http://slow", "http://fast")
    for number in range(30):
        messaging.publish(topic, Publication(str(number)))

    delivered(messaging, net, lambda: len(net.to("http://fast")) == 30)

    assert sorted(net.to("http://fast"), key=int) == [str(number) for number in range(30)]
    assert net.most_open <= 8


def test_what_was_delivered_is_not_delivered_again_by_the_next_loop(messaging: Messaging) -> None:
    net = Net()
    topic = subscribed(messaging, "http://a")
    messaging.publish(topic, Publication("1"))
    delivered(messaging, net, lambda: not messaging.deliveries.due(messaging.clock.now()))
    messaging.publish(topic, Publication("2"))

    delivered(messaging, net, lambda: not messaging.deliveries.due(messaging.clock.now()))

    assert net.to("http://a") == ["1", "2"]


def test_a_throttled_subscriber_is_given_no_more_than_it_wants(messaging: Messaging) -> None:
    net = Net()
    policy = json.dumps({"throttlePolicy": {"maxReceivesPerSecond": 20}})
    topic = subscribed(messaging, "http://a", policy=policy)
    for number in range(11):
        messaging.publish(topic, Publication(str(number)))
    began = messaging.clock.now()

    delivered(messaging, net, lambda: len(net.sent) == 11)

    assert messaging.clock.now() - began >= 0.49


def test_a_message_undone_with_its_transaction_is_not_delivered(messaging: Messaging) -> None:
    topic = subscribed(messaging, "http://a")

    def undone() -> None:
        with messaging.records.transaction():
            messaging.publish(topic, Publication("never"))
            raise KeyError

    with pytest.raises(KeyError):
        undone()

    assert messaging.deliveries.due(messaging.clock.now()) == []


def test_a_subscription_that_ends_takes_its_deliveries_with_it(messaging: Messaging) -> None:
    topic = messaging.topics.get(subscribed(messaging, "http://a"))
    messaging.publish(topic.arn, Publication("late"))
    (subscription,) = messaging.subscriptions.of_topic(topic)

    messaging.subscriptions.unsubscribe(subscription, signed=True)

    (farewell,) = messaging.deliveries.due_of(subscription.arn, messaging.clock.now(), 10)
    assert farewell.kind == "UnsubscribeConfirmation"
