"""Queues, topics and their deliveries of one platform, put together."""

from argosy.ground.clock import Clock
from argosy.messaging.move_tasks import MoveTasks
from argosy.messaging.publication import Publication, Published
from argosy.messaging.publishing import Publishing
from argosy.messaging.queue import ABANDONED
from argosy.messaging.queues import Queues
from argosy.messaging.receiving import Receiving
from argosy.messaging.sending import Sending
from argosy.messaging.signing import Signer
from argosy.messaging.subscription import Subscription
from argosy.messaging.subscriptions import Subscriptions
from argosy.messaging.topics import Topics
from argosy.messaging.waiting import Waiting
from argosy.state import messages as message_rows
from argosy.state.deliveries import Deliveries
from argosy.state.messages import Messages
from argosy.state.records import Records
from argosy.state.sent_lately import SentLately
from argosy.state.together import Together


class Messaging:
    """What SQS and SNS do. Everything it writes joins the transaction that is open, if one is."""

    def __init__(self, records: Records, clock: Clock) -> None:
        transactions = records.transactions
        self.records = records
        self.clock = clock
        self.together = Together(transactions)
        self.waiting = Waiting()
        self.messages = Messages(transactions)
        self.deliveries = Deliveries(transactions)
        self._sent = SentLately(transactions)
        self.queues = Queues(records, clock.now)
        self.sending = Sending(self.messages, self._sent, self.waiting)
        self.receiving = Receiving(
            records, self.messages, self.queues, self.waiting, self.together, clock.now
        )
        self.move_tasks = MoveTasks(records, self.messages, self.queues, self.waiting, clock.now)
        self.signer = Signer(records, clock.now)
        self.topics = Topics(records, clock.now)
        self.subscriptions = Subscriptions(
            records, self.topics, self.queues, self.deliveries, self.signer, clock.now
        )
        self._publishing = Publishing(
            self.subscriptions,
            self.queues,
            self.sending,
            self._sent,
            self.deliveries,
            self.signer,
            records,
        )
        transactions.listen(self._ring)

    def publish(self, topic_arn: str, publication: Publication) -> Published:
        """Write a message for everybody who wants it, in one transaction.

        Raises NoSuchTopic, InvalidParameter.
        """
        topic = self.topics.get(topic_arn)
        with self.records.transaction():
            return self._publishing.publish(topic, publication, self.clock.now())

    def bury(self, subscription: Subscription, body: str, why: str) -> None:
        """Put what cannot be delivered into the subscription's dead-letter queue, if it has one."""
        self._publishing.bury(subscription, body, self.clock.now(), why)

    def delete_all(self) -> None:
        """Remove every message and delivery; queues and topics are records."""
        with self.records.transaction():
            self.messages.delete_all()
            self.deliveries.delete_all()
            self._sent.delete_all()

    def _ring(self, kind: str) -> None:
        if kind in (message_rows.KIND, ABANDONED):
            self.waiting.ring()
