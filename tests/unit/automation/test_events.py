"""Events on their way to targets: what cannot be carried holds up nothing else, and is not lost."""

import asyncio
import itertools
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from argosy.automation.events.whole import Events
from argosy.ground.clock import ManualClock
from argosy.ground.errors import ServiceUnavailable
from argosy.ground.operations import Asker
from argosy.messaging.receiving import Wish
from argosy.state.database import open_database
from argosy.state.event_deliveries import EventDeliveries, EventDelivery
from argosy.state.event_timers import Timers
from argosy.state.record import Record
from argosy.state.records import Records
from argosy.state.rules import RULE, record_name
from argosy.state.schedules import SCHEDULE, next_timer
from tests.support.event_queues import open_policy
from tests.support.means import means_over

PLACE = ("000000000000", "us-east-1")
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
ROLE = {"RoleArn": "arn:aws:iam::000000000000:role/r"}
INVOKE = "arn:aws:scheduler:::aws-sdk:lambda:invoke"
PUBLISH = "arn:aws:scheduler:::aws-sdk:sns:publish"


class Asked:
    """Operations that are remembered; those that fail first, or wait, as a test says."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.failures = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def call(
        self, service: str, operation: str, members: dict[str, Any], asker: Asker
    ) -> dict[str, Any]:
        self.calls.append((service, operation, members))
        await self.gate.wait()
        if len(self.calls) <= self.failures:
            raise ServiceUnavailable("not now")
        return {}


class Stage:
    """The loops of events over a fresh database, and a queue that EventBridge may send to."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_database(folder / "a.db")
        self.records = records = Records(self.engine)
        self.clock = ManualClock(1_000_000.0)
        self.asked = Asked()
        self.means = means_over(records, folder, self.clock, self.asked)
        self.messaging = self.means.messaging
        policy = open_policy("events.amazonaws.com", "sqs:SendMessage", QUEUE)
        self.messaging.queues.create(*PLACE, "q", {"Policy": policy}, {})

    def rule(self, pattern: str = '{"source": ["my"]}', bus: str = "default") -> None:
        said = {"bus": bus, "name": "r", "pattern": pattern, "schedule": "", "role": ""}
        document = {**said, "description": "", "since": 0.0, "tags": {}}
        document["targets"] = {"1": {"Id": "1", "Arn": QUEUE}}
        self.records.create(RULE, *PLACE, record_name(bus, "r"), document, now=0, status="ENABLED")

    def event(self, detail: str) -> None:
        self.means.events.add(*PLACE, "my", "it", [], detail, self.clock.now())

    def schedule(self, expression: str, target: dict[str, Any], minutes: int = 0) -> Record:
        window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes}
        document = {
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": window if minutes else {"Mode": "OFF"},
            "Target": {**ROLE, **target},
            "since": self.clock.now(),
        }
        made = self.records.create(SCHEDULE, *PLACE, "default/s", document, now=0, status="ENABLED")
        timer = next_timer(made, self.clock.now() - 0.001)
        assert timer is not None
        Timers(self.records.transactions).put(timer)
        return made

    def arrived(self) -> list[str]:
        """The bodies of what came into the queue, which is empty then."""
        queue = self.messaging.queues.find(*PLACE, "q")
        assert queue is not None
        found: list[str] = []
        while taken := self.messaging.receiving.take(queue, Wish(10)):
            found += [one.body for one in taken]
        return found

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.records.transactions.clock_moved()

    def run(self, story: Callable[[], Awaitable[None]]) -> None:
        async def play() -> None:
            events = Events(self.means)
            events.start()
            try:
                async with asyncio.timeout(60):
                    await story()
            finally:
                await events.stop()

        asyncio.run(play())

    async def take(self, count: int) -> list[str]:
        found: list[str] = []
        while len(found) < count:
            found += self.arrived()
            await asyncio.sleep(0.005)
        return found


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.engine.dispose()


def test_an_event_that_nobody_can_read_does_not_hold_up_those_behind_it(stage: Stage) -> None:
    stage.rule()
    for detail in ('{"n": 1}', '{"n": NaN}', '{"n": 3}'):
        stage.event(detail)

    async def story() -> None:
        assert [json.loads(one)["detail"]["n"] for one in await stage.take(2)] == [1, 3]

    stage.run(story)


@pytest.mark.parametrize("said", ["\ud800", "\uffff", "ü☃"])
def test_an_event_may_have_text_that_no_queue_takes_as_it_is(stage: Stage, said: str) -> None:
    stage.rule()
    stage.event(json.dumps({"said": said}))

    async def story() -> None:
        (body,) = await stage.take(1)
        assert json.loads(body)["detail"] == {"said": said}

    stage.run(story)


def test_what_is_asked_slowly_holds_up_no_queue(stage: Stage) -> None:
    """Three hundred operations wait that take for ever; a message behind them is delivered."""
    stage.rule()
    stage.asked.gate.clear()
    deliveries, now = EventDeliveries(stage.records.transactions), stage.clock.now()
    slow = EventDelivery(*PLACE, "scheduler.amazonaws.com", "s", {"Arn": INVOKE}, "{}", now, now)
    with stage.records.transaction():
        for _ in range(300):
            deliveries.add(slow)
    stage.event('{"n": 1}')

    async def story() -> None:
        assert len(await stage.take(1)) == 1

    stage.run(story)


def test_every_time_within_a_flexible_window_happens(stage: Stage) -> None:
    """A rate that is shorter than its window: each time comes once, none is passed over."""
    target = {"Arn": QUEUE, "Input": "<aws.scheduler.scheduled-time>"}
    stage.schedule("rate(1 minute)", target, minutes=10)

    async def story() -> None:
        found: set[str] = set()
        while len(found) < 20:
            stage.advance(60)
            await asyncio.sleep(0.01)
            found |= set(stage.arrived())  # they come again when they are visible again
        times = [datetime.fromisoformat(one).timestamp() for one in sorted(found)]
        assert {later - one for one, later in itertools.pairwise(times)} == {60.0}

    stage.run(story)


def test_a_schedule_that_was_missed_many_times_happens_once(stage: Stage) -> None:
    stage.schedule("rate(5 minutes)", {"Arn": QUEUE, "Input": "x"})
    stage.clock.advance(86_400)

    async def story() -> None:
        assert await stage.take(1) == ["x"]
        await asyncio.sleep(0.1)
        assert stage.arrived() == []

    stage.run(story)


@pytest.mark.parametrize("payload", ['{"n": 1}', {"n": 1}])
def test_a_function_is_given_the_payload_that_stands_in_the_input(
    stage: Stage, payload: Any
) -> None:
    given = {"FunctionName": "f", "InvocationType": "Event", "Payload": payload}
    stage.schedule("rate(1 hour)", {"Arn": INVOKE, "Input": json.dumps(given)})

    async def story() -> None:
        while not stage.asked.calls:
            await asyncio.sleep(0.005)
        (asked,) = stage.asked.calls
        assert asked == ("lambda", "Invoke", {**given, "Payload": b'{"n": 1}'})

    stage.run(story)


def test_an_operation_has_the_token_that_an_sdk_would_give_it_the_same_at_each_attempt(
    stage: Stage,
) -> None:
    stage.asked.failures = 1
    start = PUBLISH.replace("sns:publish", "sagemaker:startPipelineExecution")
    stage.schedule("rate(1 hour)", {"Arn": start, "Input": '{"PipelineName": "p"}'})

    async def story() -> None:
        while len(stage.asked.calls) < 2:
            stage.advance(1)
            await asyncio.sleep(0.01)
        first, second = (members for _, _, members in stage.asked.calls)
        assert first == second == {"PipelineName": "p", "ClientRequestToken": ANY}
        assert re.fullmatch("[A-Za-z0-9-]{32,64}", first["ClientRequestToken"])

    stage.run(story)


def test_each_attempt_of_a_schedule_has_its_number(stage: Stage) -> None:
    stage.asked.failures = 2
    given = '{"Message": "<aws.scheduler.attempt-number>", "TopicArn": "t"}'
    stage.schedule(
        "at(1970-01-12T13:46:40)",
        {"Arn": INVOKE.replace("lambda:invoke", "sns:publish"), "Input": given},
    )

    async def story() -> None:
        for count in (1, 2, 3):
            while len(stage.asked.calls) < count:
                stage.advance(1)
                await asyncio.sleep(0.01)
        assert [members["Message"] for _, _, members in stage.asked.calls] == ["1", "2", "3"]

    stage.run(story)
