"""The subscriptions of all topics: made, confirmed, changed, ended."""

import hmac
import secrets
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from argosy.ground.errors import InvalidParameter
from argosy.messaging import subscription as one
from argosy.messaging.notification import (
    CONFIRMATION,
    FAREWELL,
    Envelope,
    subscribe_url,
    timestamp,
)
from argosy.messaging.queues import Queues
from argosy.messaging.signing import Signer
from argosy.messaging.subscription import KIND, Subscription
from argosy.messaging.topic_errors import AuthorizationError, NoSuchSubscription
from argosy.messaging.topics import Topic, Topics
from argosy.state.deliveries import Deliveries, Delivery
from argosy.state.records import Records
from argosy.state.remembered import Remembered

_TOKEN_S = 2 * 24 * 3600.0
_CONFIRM = (
    "You have chosen to subscribe to the topic {topic}.\nTo confirm the subscription, visit the "
    "SubscribeURL included in this message."
)
_FAREWELL = (
    "You have chosen to deactivate subscription {subscription}.\nTo cancel this operation and "
    "restore the subscription, visit the SubscribeURL included in this message."
)


class Subscriptions:
    """`now` tells the time in epoch seconds."""

    def __init__(
        self,
        records: Records,
        topics: Topics,
        queues: Queues,
        deliveries: Deliveries,
        signer: Signer,
        now: Callable[[], float],
    ) -> None:
        self._records = records
        self._topics = topics
        self._queues = queues
        self._deliveries = deliveries
        self._signer = signer
        self._now = now
        self._known = Remembered[list[Subscription]](records.transactions, KIND)

    def subscribe(
        self, topic: Topic, protocol: str, endpoint: str, asked: Mapping[str, str], base: str
    ) -> Subscription:
        """One of an http endpoint is pending until the endpoint confirms it.

        The same is not made twice; one that is pending is asked to confirm again. base: scheme and
        host by which the caller reaches this platform. Raises InvalidParameter.
        """
        one.check_protocol(protocol, endpoint)
        attributes = one.checked(asked, protocol)
        self._check_targets(topic, protocol, endpoint, attributes)
        with self._records.transaction():
            there = self._same(topic, protocol, endpoint)
            if there is None:
                there = self._create(topic, protocol, endpoint, attributes, base)
            elif attributes and there.kept != attributes:
                raise InvalidParameter(
                    "Invalid parameter: Attributes Reason: Subscription already exists with "
                    "different attributes"
                )
            if there.pending:
                there = self._ask(topic, there, CONFIRMATION, _CONFIRM.format(topic=topic.arn))
        return there

    def of_topic(self, topic: Topic) -> list[Subscription]:
        """Oldest first."""
        record = topic.record

        def read() -> list[Subscription]:
            found = self._records.find(KIND, record.account, record.region, prefix=f"{topic.name}:")
            return [Subscription(each) for each in found]

        return self._known.get(topic.arn, read)

    def of_account(self, account: str, region: str) -> list[Subscription]:
        """Oldest first."""
        return [Subscription(record) for record in self._records.find(KIND, account, region)]

    def get(self, arn: str) -> Subscription:
        """Raises InvalidParameter when it is no subscription's ARN, NoSuchSubscription."""
        parts = arn.split(":")
        if len(parts) != 7 or parts[2] != "sns":
            raise InvalidParameter(
                f"Invalid parameter: SubscriptionArn Reason: {arn[:256]!r} is none"
            )
        record = self._records.get(KIND, parts[4], parts[3], f"{parts[5]}:{parts[6]}")
        if record is None:
            raise NoSuchSubscription(arn)
        return Subscription(record)

    def find(self, arn: str) -> Subscription | None:
        try:
            return self.get(arn)
        except (InvalidParameter, NoSuchSubscription):
            return None

    def confirm(self, topic: Topic, token: str, *, signed: bool, guarded: bool) -> Subscription:
        """The subscription that the token was sent to. Raises InvalidParameter.

        guarded: only its owner may end it, with a signature; a caller who signs may ask for that.
        """
        now = self._now()
        for each in self.of_topic(topic):
            document = each.record.document
            same = hmac.compare_digest(str(document["token"]).encode(), token.encode())
            if document["token"] and same and now - document["token_at"] < _TOKEN_S:
                return self._change(
                    each,
                    pending=False,
                    authenticated=signed or document["authenticated"],
                    guarded=(signed and guarded) or document["guarded"],
                )
        raise InvalidParameter("Invalid parameter: Token Reason: Invalid token")

    def set_attribute(self, subscription: Subscription, name: str, value: str) -> None:
        """Raises InvalidParameter."""
        attributes = one.checked({**subscription.kept, name: value}, subscription.protocol)
        topic = self._topics.get(subscription.topic_arn)
        self._check_targets(topic, subscription.protocol, subscription.endpoint, attributes)
        self._change(subscription, attributes=attributes)

    def unsubscribe(self, subscription: Subscription, *, signed: bool) -> None:
        """End it; an http endpoint that did not ask itself is told. Raises AuthorizationError."""
        if not signed and subscription.record.document["guarded"]:
            raise AuthorizationError("This subscription is ended by its owner only, signed.")
        topic = self._topics.find(subscription.topic_arn)
        with self._records.transaction():
            self._remove(subscription)
            if topic is not None and subscription.protocol in one.HTTP and not subscription.pending:
                text = _FAREWELL.format(subscription=subscription.arn)
                self._tell(topic, subscription, FAREWELL, text, secrets.token_hex(64))

    def remove_all(self, topic: Topic) -> None:
        """Those of a topic that is removed."""
        for each in self.of_topic(topic):
            self._remove(each)

    def _same(self, topic: Topic, protocol: str, endpoint: str) -> Subscription | None:
        asked = (protocol, endpoint)
        found = (x for x in self.of_topic(topic) if (x.protocol, x.endpoint) == asked)
        return next(found, None)

    def _create(
        self, topic: Topic, protocol: str, endpoint: str, attributes: dict[str, str], base: str
    ) -> Subscription:
        document = {
            "topic": topic.arn,
            "protocol": protocol,
            "endpoint": endpoint,
            "attributes": attributes,
            "pending": protocol in one.HTTP,
            "token": "",
            "token_at": 0.0,
            "base": base,
            "authenticated": protocol not in one.HTTP,
            "guarded": protocol not in one.HTTP,
        }
        name = f"{topic.name}:{uuid.uuid4()}"
        record = topic.record
        return Subscription(
            self._records.create(
                KIND, record.account, record.region, name, document, now=self._now()
            )
        )

    def _ask(self, topic: Topic, each: Subscription, kind: str, text: str) -> Subscription:
        """Have the endpoint asked whether it wants the subscription, with a token of its own."""
        token = secrets.token_hex(64)
        changed = self._change(each, token=token, token_at=self._now())
        self._tell(topic, changed, kind, text, token)
        return changed

    def _tell(self, topic: Topic, each: Subscription, kind: str, text: str, token: str) -> None:
        now, message_id = self._now(), str(uuid.uuid4())
        members = {
            "Type": kind,
            "MessageId": message_id,
            "Token": token,
            "TopicArn": topic.arn,
            "Message": text,
            "SubscribeURL": subscribe_url(each.base, topic.arn, token),
            "Timestamp": timestamp(now),
        }
        envelope = Envelope(members, self._signer, topic.get("SignatureVersion") or "1")
        self._deliveries.add(
            Delivery(
                subscription=each.arn,
                topic=topic.arn,
                url=each.endpoint,
                kind=kind,
                message_id=message_id,
                body=envelope.addressed(each.base),
                raw=False,
                next_at=now,
                created=now,
            )
        )

    def _remove(self, each: Subscription) -> None:
        record = each.record
        with self._records.transaction():
            self._deliveries.delete_of(each.arn)
            self._records.delete(KIND, record.account, record.region, record.name)

    def _change(self, each: Subscription, **members: Any) -> Subscription:
        document = {**each.record.document, **members}
        return Subscription(self._records.update(each.record, now=self._now(), document=document))

    def _check_targets(
        self, topic: Topic, protocol: str, endpoint: str, attributes: Mapping[str, str]
    ) -> None:
        """FIFO topics deliver to queues; a FIFO queue takes only their messages."""
        if topic.fifo and protocol != one.SQS:
            raise InvalidParameter(
                "Invalid parameter: Invalid parameter: Endpoint Reason: Please use SQS queue for "
                "FIFO topics"
            )
        if protocol == one.SQS:
            self._check_queue(topic, endpoint, "Endpoint", "SQS endpoint ARN")
        target = attributes.get("RedrivePolicy", "")
        if target:
            queue = self._queues.of_arn(one.redrive_queue(target))
            if queue is None or queue.fifo is not topic.fifo:
                raise InvalidParameter(
                    "Invalid parameter: RedrivePolicy: the queue must be there, a FIFO queue for "
                    "a FIFO topic, a standard one for others"
                )

    def _check_queue(self, topic: Topic, arn: str, name: str, what: str) -> None:
        queue = self._queues.of_arn(arn)
        if queue is None:
            raise InvalidParameter(
                f"Invalid parameter: {name} Reason: {what} {arn[:256]} is of no queue here"
            )
        if queue.fifo and not topic.fifo:
            raise InvalidParameter(
                "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be "
                "subscribed to standard SNS topics"
            )
