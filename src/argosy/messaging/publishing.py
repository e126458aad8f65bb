"""Publishing: a message becomes one row for each subscriber that wants it, all in one transaction.

Queues get theirs at once; for http endpoints a delivery is written down, which `delivering` makes.
"""

import json
import logging
import uuid

from argosy.ground.errors import ApiError
from argosy.messaging import attributes, publication
from argosy.messaging.notification import (
    NOTIFICATION,
    Envelope,
    attributes_member,
    timestamp,
    unsubscribe_url,
)
from argosy.messaging.publication import Publication, Published
from argosy.messaging.queues import Queues
from argosy.messaging.sending import Letter, Sending, deduplication_of, sequence_number
from argosy.messaging.signing import Signer
from argosy.messaging.subscription import LAMBDA, SQS, Subscription
from argosy.messaging.subscriptions import Subscriptions
from argosy.messaging.topics import Topic
from argosy.state.deliveries import Deliveries, Delivery
from argosy.state.invoking import invoke_for
from argosy.state.records import Records
from argosy.state.sent_lately import Sent, SentLately

SENDER = "sns.amazonaws.com"

_IN_EVENT = (
    "Type",
    "MessageId",
    "TopicArn",
    "Subject",
    "Message",
    "Timestamp",
    "SignatureVersion",
    "Signature",
)

log = logging.getLogger(__name__)


class Publishing:
    """Joins the transaction that is open."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        queues: Queues,
        sending: Sending,
        sent: SentLately,
        deliveries: Deliveries,
        signer: Signer,
        records: Records,
    ) -> None:
        self._records = records
        self._subscriptions = subscriptions
        self._queues = queues
        self._sending = sending
        self._sent = sent
        self._deliveries = deliveries
        self._signer = signer

    def publish(self, topic: Topic, said: Publication, now: float) -> Published:
        """Raises InvalidParameter. What a FIFO topic had lately is not published again."""
        publication.check(said, topic.most_bytes, fifo=topic.fifo, by_content=topic.by_content)
        if not topic.fifo:
            return self._spread(topic, said, Published(str(uuid.uuid4())), now)
        per_group = topic.get("FifoThroughputScope") == "MessageGroup"
        key = (topic.id, said.group if per_group else "", deduplication(said))
        before = self._sent.find(*key, now)
        if before is not None:
            return Published(before.message_id, before.sequence)
        message_id = str(uuid.uuid4())
        number = self._sent.add(*key, Sent(message_id, ""), now)
        published = Published(message_id, sequence_number(number))
        self._sent.set_sequence(number, published.sequence)
        return self._spread(topic, said, published, now)

    def bury(self, subscription: Subscription, body: str, now: float, why: str) -> None:
        """Put what cannot be delivered into the subscription's dead-letter queue, if it has one."""
        target = self._queues.of_arn(subscription.dead_letters)
        if target is None:
            log.warning("a message for %s is dropped: %s", subscription.arn, why)
            return
        group = subscription.arn.rpartition(":")[2] if target.fifo else ""
        letter = Letter(body, group=group, deduplication=str(uuid.uuid4()) if target.fifo else "")
        try:
            self._sending.send(target, letter, SENDER, now)
        except ApiError as error:
            log.warning("a message for %s is dropped: %s; %s", subscription.arn, why, error)

    def _spread(
        self, topic: Topic, said: Publication, published: Published, now: float
    ) -> Published:
        post = _Post(topic, said, published, self._signer, now)
        for subscription in self._subscriptions.of_topic(topic):
            text = post.text(subscription)
            if not subscription.pending and subscription.wants(post.facts, text):
                self._hand_over(post, subscription, text)
        return published

    def _hand_over(self, post: "_Post", subscription: Subscription, text: str) -> None:
        body = text if subscription.raw else post.notification(subscription, text)
        if subscription.protocol == SQS:
            self._to_queue(post, subscription, body)
            return
        if subscription.protocol == LAMBDA:
            self._to_function(post, subscription, text)
            return
        self._deliveries.add(
            Delivery(
                subscription=subscription.arn,
                topic=post.topic.arn,
                url=subscription.endpoint,
                kind=NOTIFICATION,
                message_id=post.published.message_id,
                body=body,
                raw=subscription.raw,
                next_at=post.now,
                created=post.now,
            )
        )

    def _to_function(self, post: "_Post", subscription: Subscription, text: str) -> None:
        event = post.function_event(subscription, text)
        refused = invoke_for(
            self._records,
            subscription.record.account,
            subscription.record.region,
            subscription.endpoint,
            event,
            post.now,
            service=SENDER,
            source_arn=post.topic.arn,
            trace=post.said.trace,
        )
        if refused is not None:
            self.bury(subscription, event, post.now, refused[1])

    def _to_queue(self, post: "_Post", subscription: Subscription, body: str) -> None:
        queue = self._queues.of_arn(subscription.endpoint)
        if queue is None:
            self.bury(subscription, body, post.now, "its queue does not exist")
            return
        letter = Letter(
            body,
            attributes=post.said.attributes if subscription.raw else {},
            trace_header=post.said.trace,
            group=post.said.group,
            deduplication=deduplication(post.said) if queue.fifo else "",
        )
        try:
            self._sending.send(queue, letter, SENDER, post.now)
        except ApiError as error:
            self.bury(subscription, body, post.now, str(error))


class _Post:
    """One message on its way to many: what is the same for all of them is made once."""

    def __init__(
        self, topic: Topic, said: Publication, published: Published, signer: Signer, now: float
    ) -> None:
        self.topic = topic
        self.said = said
        self.published = published
        self.now = now
        self.facts = attributes.facts(said.attributes)
        self._texts = publication.texts(said)
        self._signer = signer
        self._envelopes: dict[str, Envelope] = {}

    def text(self, subscription: Subscription) -> str:
        return publication.text_for(self._texts, subscription.protocol)

    def notification(self, subscription: Subscription, text: str) -> str:
        """SNS's JSON form for one subscriber."""
        more: dict[str, object] = {}
        if self.published.sequence:
            more["SequenceNumber"] = self.published.sequence
        more["UnsubscribeURL"] = unsubscribe_url(subscription.base, subscription.arn)
        if self.said.attributes:
            more["MessageAttributes"] = attributes_member(self.said.attributes)
        return self._envelope(text).addressed(subscription.base, **more)

    def function_event(self, subscription: Subscription, text: str) -> str:
        """The event of a function; names differ a little from those of a notification."""
        said = json.loads(self.notification(subscription, text))
        sns = {
            **{name: said.get(name) for name in _IN_EVENT},
            "SigningCertUrl": said["SigningCertURL"],
            "UnsubscribeUrl": said["UnsubscribeURL"],
            "MessageAttributes": said.get("MessageAttributes", {}),
        }
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription.arn,
            "Sns": sns,
        }
        return json.dumps({"Records": [record]})

    def _envelope(self, text: str) -> Envelope:
        if text not in self._envelopes:
            members = {
                "Type": NOTIFICATION,
                "MessageId": self.published.message_id,
                "TopicArn": self.topic.arn,
                "Subject": self.said.subject,
                "Message": text,
                "Timestamp": timestamp(self.now),
            }
            version = self.topic.get("SignatureVersion") or "1"
            self._envelopes[text] = Envelope(members, self._signer, version)
        return self._envelopes[text]


def deduplication(said: Publication) -> str:
    """The id that is given, or the hash of the message."""
    return deduplication_of(Letter(said.message, deduplication=said.deduplication))
