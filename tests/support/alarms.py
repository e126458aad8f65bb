"""Alarms on a clock that a test moves: the store of metrics, topics, and what control does."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast

import sqlalchemy as sa

from argosy.control.alarms.acting import Act, Fired
from argosy.control.alarms.whole import Alarms
from argosy.control.means import Means
from argosy.ground.clock import ManualClock
from argosy.ground.settings import Settings
from argosy.messaging import Messaging
from argosy.state.alarm_history import AlarmHistory, Item
from argosy.state.alarms import COMPOSITE, find_alarm, put_alarm
from argosy.state.events import Event
from argosy.state.message_tables import queue_messages
from argosy.state.record import Record
from argosy.state.records import Records
from argosy.telemetry.metrics import MetricStore, Sample, metric

ACCOUNT, REGION = "0" * 12, "us-east-1"
POLICY = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:1:resource/sagemaker/x:policyName/p"
START = 1_700_000_048.0
"""Eight seconds past the beginning of a minute, when every alarm is due."""


class Watch:
    """Alarms, looked at when a test says so. `acted`: what was asked of scaling."""

    def __init__(self, engine: sa.Engine) -> None:
        self.clock = ManualClock(START)
        self.records = Records(engine)
        self.messaging = Messaging(self.records, self.clock)
        self.metrics = MetricStore(self.records.transactions, self.clock)
        nothing = cast(Any, None)
        self.means = Means(
            records=self.records,
            backend=nothing,
            settings=Settings(),
            data_dir=nothing,
            clock=self.clock,
            store=nothing,
            messaging=self.messaging,
            metrics=self.metrics,
        )
        self.acted: list[Fired] = []
        self.alarms = self.again()

    def again(self) -> Alarms:
        """Alarms as after a restart."""
        self.alarms = Alarms(self.means, {"arn:aws:autoscaling:": cast(Act, self._act)})
        return self.alarms

    async def _act(self, alarm: Record, fired: Fired) -> None:
        self.acted.append(fired)

    def put(self, name: str, **members: Any) -> Record:
        """An alarm on the metric N/M: Sum > 10, 1 of 1 minutes."""
        given = {
            "AlarmName": name,
            "Namespace": "N",
            "MetricName": "M",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 10.0,
            "ComparisonOperator": "GreaterThanThreshold",
            **members,
        }
        if "Metrics" in members or "ExtendedStatistic" in members:
            del given["Statistic"]
        return put_alarm(self.records, ACCOUNT, REGION, given, self.clock.now())

    def compose(self, name: str, rule: str, **members: Any) -> Record:
        given = {"AlarmName": name, "AlarmRule": rule, **members}
        return put_alarm(self.records, ACCOUNT, REGION, given, self.clock.now(), kind=COMPOSITE)

    def measure(self, *values: float, name: str = "M") -> None:
        """Values of the minute that is now; then it is over."""
        if values:
            asked = metric(ACCOUNT, REGION, "N", name)
            self.metrics.put(asked, self.clock.now(), Sample.of_values(values))
        self.after(60)

    def after(self, seconds: float) -> None:
        """Time passes; alarms are looked at."""
        self.clock.advance(seconds)
        self.look()

    def look(self) -> None:
        """What control does in one round, actions included."""

        async def once() -> None:
            await self.alarms.round()
            await asyncio.gather(*self.alarms._running.values())

        asyncio.run(once())

    def record(self, name: str) -> Record:
        found = find_alarm(self.records, ACCOUNT, REGION, name)
        assert found is not None
        return found

    def state(self, name: str) -> str:
        return self.record(name).status

    def history(self, name: str) -> list[Item]:
        """Newest first."""
        found = AlarmHistory(self.records.transactions)
        return found.find(ACCOUNT, REGION, name=name)

    def events(self) -> list[Event]:
        return self.means.events.after(0)

    def topic(self, name: str) -> str:
        """A topic; what it is told can be read by `told`."""
        topic = self.messaging.topics.create(ACCOUNT, REGION, name, {}, {})
        queue = self.messaging.queues.create(ACCOUNT, REGION, name, {}, {})
        self.messaging.subscriptions.subscribe(
            topic, "sqs", queue.arn, {"RawMessageDelivery": "true"}, ""
        )
        return topic.arn

    def told(self) -> list[dict[str, Any]]:
        """Every message of every topic, oldest first."""
        wanted = sa.select(queue_messages.c.body).order_by(queue_messages.c.number)
        return [json.loads(row.body) for row in self.records.transactions.read(wanted)]


def kinds(items: list[Item]) -> list[tuple[str, str]]:
    return [(item.item, item.summary) for item in items]


def data(item: Item) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(item.data)
    return found
