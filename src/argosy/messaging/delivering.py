"""Deliveries over HTTP: made when they are due, tried again, given up into a dead-letter queue.

What is to be delivered lies in the database, with the time of its next attempt; a process that is
killed goes on where it was, and may deliver once more what it had just delivered. A subscriber
that is slow holds up no other.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from argosy.ground.tasks import cancel
from argosy.messaging import delivery_policy, http_post
from argosy.messaging.http_post import Outcome
from argosy.messaging.hub import Messaging
from argosy.messaging.notification import CONFIRMATION
from argosy.messaging.rounds import Rounds
from argosy.messaging.subscription import Subscription
from argosy.state.deliveries import KIND, Delivery

AGENT = "Amazon Simple Notification Service Agent"
_AT_ONCE = 16
_AT_ONCE_EACH = 4
_STUMBLED_S = 1.0
_LONGEST_PAUSE_S = 60.0

Post = Callable[[str, Mapping[str, str], bytes], Outcome]

log = logging.getLogger(__name__)


class Delivering(Rounds):
    """The loop of one process. `post` sends, and is called in threads."""

    def __init__(self, messaging: Messaging, post: Post = http_post.post) -> None:
        super().__init__(messaging.records, KIND, "deliveries", self._round)
        self._messaging = messaging
        self._deliveries = messaging.deliveries
        self._now = messaging.clock.now
        self._post = post
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._busy_of: Counter[str] = Counter()
        self._free_at: dict[str, float] = {}
        self._threads: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Deliver from now on, first what was left behind."""
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="deliver")
        super().start()

    async def stop(self) -> None:
        """Deliveries that are on their way are made again after the next start."""
        await super().stop()
        for task in list(self._busy.values()):
            await cancel(task)
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _round(self) -> float:
        """Begin what is due; returns after how long to look again."""
        now = self._now()
        next_at = self._deliveries.next_at(now)
        pause = _LONGEST_PAUSE_S if next_at is None else min(_LONGEST_PAUSE_S, next_at - now)
        for arn in self._deliveries.due(now):
            if len(self._busy) >= _AT_ONCE:
                break
            pause = min(pause, self._begin_some(arn, now))
        return max(0.0, pause)

    def _begin_some(self, arn: str, now: float) -> float:
        """Begin what one subscriber can be given; returns when it could be given more."""
        free = min(_AT_ONCE_EACH - self._busy_of[arn], _AT_ONCE - len(self._busy))
        if free <= 0:
            return _LONGEST_PAUSE_S
        subscription = self._messaging.subscriptions.find(arn)
        policy = self._policy(subscription)
        rate = float(policy.get("throttlePolicy", {}).get("maxReceivesPerSecond", 0))
        found = self._deliveries.due_of(arn, now, _AT_ONCE_EACH + self._busy_of[arn])
        for delivery in [one for one in found if one.number not in self._busy][:free]:
            if rate and self._free_at.get(arn, 0.0) > now:
                return self._free_at[arn] - now
            if rate:
                self._free_at[arn] = now + 1 / rate
            self._begin(delivery, subscription, policy)
        return _LONGEST_PAUSE_S

    def _begin(
        self, delivery: Delivery, subscription: Subscription | None, policy: delivery_policy.Policy
    ) -> None:
        task = asyncio.create_task(self._deliver(delivery, subscription, policy))
        self._busy[delivery.number] = task
        self._busy_of[delivery.subscription] += 1
        task.add_done_callback(lambda _: self._ended(delivery))

    def _ended(self, delivery: Delivery) -> None:
        del self._busy[delivery.number]
        self._busy_of[delivery.subscription] -= 1
        if not self._busy_of[delivery.subscription]:
            del self._busy_of[delivery.subscription]
        self.ring()

    async def _deliver(
        self, delivery: Delivery, subscription: Subscription | None, policy: delivery_policy.Policy
    ) -> None:
        loop = asyncio.get_running_loop()
        content_type = policy["requestPolicy"]["headerContentType"]
        outcome = await loop.run_in_executor(
            self._threads,
            self._post,
            delivery.url,
            headers_of(delivery, content_type),
            delivery.body.encode(),
        )
        try:
            self._settle(delivery, subscription, policy, outcome)
        except Exception:
            log.exception("what came of a delivery could not be written; it is made again")
            await asyncio.sleep(_STUMBLED_S)

    def _settle(
        self,
        delivery: Delivery,
        subscription: Subscription | None,
        policy: delivery_policy.Policy,
        outcome: Outcome,
    ) -> None:
        if outcome.ok:
            self._deliveries.delete(delivery.number)
            return
        attempts, now = delivery.attempts + 1, self._now()
        delay = delivery_policy.delay_before(policy["healthyRetryPolicy"], attempts)
        if delay is not None and not outcome.final:
            self._deliveries.postpone(delivery.number, attempts, now + delay)
            return
        log.warning(
            "%s is not delivered to %s after %d attempts: %s",
            delivery.message_id,
            delivery.subscription,
            attempts,
            outcome.why,
        )
        with self._messaging.records.transaction():
            self._deliveries.delete(delivery.number)
            if subscription is not None and not subscription.pending:
                self._messaging.bury(subscription, delivery.body, outcome.why)

    def _policy(self, subscription: Subscription | None) -> delivery_policy.Policy:
        if subscription is None:
            return delivery_policy.effective("", "")
        topic = self._messaging.topics.find(subscription.topic_arn)
        of_topic = topic.get("DeliveryPolicy") if topic else ""
        return delivery_policy.effective(of_topic, subscription.get("DeliveryPolicy"))


def headers_of(delivery: Delivery, content_type: str) -> dict[str, str]:
    """As SNS sends them; a subscription that is not confirmed yet is not named."""
    named = {} if delivery.kind == CONFIRMATION else {"subscription-arn": delivery.subscription}
    headers = {
        "message-type": delivery.kind,
        "message-id": delivery.message_id,
        "topic-arn": delivery.topic,
        **named,
        **({"rawdelivery": "true"} if delivery.raw else {}),
    }
    return {
        **{f"x-amz-sns-{name}": value for name, value in headers.items()},
        "Content-Type": content_type,
        "User-Agent": AGENT,
    }
