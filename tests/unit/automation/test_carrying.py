"""Queued events: given to functions, tried again, told of, and not lost."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.automation.queue.carrying import AT_ONCE, AT_ONCE_EACH, Carrying
from argosy.ground.clock import ManualClock
from argosy.ground.errors import TooManyRequestsException
from argosy.ground.functions import FunctionVersion, Invoked
from argosy.ground.lineage import onward, passed
from argosy.messaging.receiving import Wish
from argosy.state.database import open_database
from argosy.state.functions import EVENT_INVOKE, FUNCTION
from argosy.state.invocations import Invocations
from argosy.state.records import Records
from tests.support.means import means_over

PLACE = ("000000000000", "us-east-1")
ARN = "arn:aws:lambda:us-east-1:000000000000:function"
QUEUE = "arn:aws:sqs:us-east-1:000000000000"
FAILED = Invoked(payload=b'{"errorMessage": "no"}', error="Unhandled")


class Engine:
    """Answers with `answers` in turn, then with success; may be held back."""

    def __init__(self) -> None:
        self.answers: list[Invoked | Exception] = []
        self.asked: list[tuple[str, Any]] = []
        self.traces: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.running = self.most = 0

    async def invoke(
        self, version: FunctionVersion, payload: bytes, *, trace: str = "", **_: Any
    ) -> Invoked:
        self.asked.append((version.name, json.loads(payload)))
        self.traces.append(trace)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.gate.wait()
        finally:
            self.running -= 1
        answer = self.answers.pop(0) if self.answers else Invoked(payload=b'"ok"')
        if isinstance(answer, Exception):
            raise answer
        return answer


class Stage:
    """A queue over a fresh database, and an engine without functions in it."""

    def __init__(self, records: Records, folder: Path) -> None:
        self.records = records
        self.clock = ManualClock()
        self.means = means_over(records, folder, self.clock)
        self.messaging, self.metrics = self.means.messaging, self.means.metrics
        self.events = Invocations(records.transactions)

    def function(self, name: str, reserved: int | None = None, **config: Any) -> None:
        document = {
            "runs": "1",
            "concurrency": reserved,
            "recursion": "Terminate",
            "config": {
                "code": "00",
                "Timeout": 3,
                "MemorySize": 128,
                "EphemeralStorage": {"Size": 512},
                "Role": "r",
                "LoggingConfig": {"LogGroup": "g", "LogFormat": "Text"},
                "TracingConfig": {"Mode": "PassThrough"},
                "State": "Active",
                "PackageType": "Zip",
                **config,
            },
        }
        self.records.create(FUNCTION, *PLACE, name, document, now=0)

    def queue(self, name: str) -> str:
        self.messaging.queues.create(*PLACE, name, {}, {})
        return f"{QUEUE}:{name}"

    def taken(self, name: str) -> list[Any]:
        queue = self.messaging.queues.find(*PLACE, name)
        assert queue is not None
        return self.messaging.receiving.take(queue, Wish(10))

    def send(self, event: Any, name: str = "f", trace: str = "") -> None:
        payload = json.dumps(event).encode()
        self.events.add(*PLACE, name, payload, self.clock.now(), request_id="id", trace=trace)

    def run(self, story: Callable[[Engine], Awaitable[None]]) -> Engine:
        async def play() -> Engine:
            engine = Engine()
            carrying = Carrying(self.means, engine)
            carrying.start()
            try:
                async with asyncio.timeout(30):
                    await story(engine)
            finally:
                await carrying.stop()
            return engine

        return asyncio.run(play())

    async def until(self, probe: Callable[[], bool]) -> None:
        while not probe():
            await asyncio.sleep(0.002)

    async def moved(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.records.transactions.clock_moved()

    def empty(self) -> bool:
        return not self.events.count_of(f"{ARN}:f")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    engine = open_database(tmp_path / "argosy.db")
    yield Stage(Records(engine), tmp_path)
    engine.dispose()


def test_an_event_that_is_there_before_the_start_is_carried_out(stage: Stage) -> None:
    stage.function("f")
    stage.send({"a": 1})
    engine = stage.run(lambda _: stage.until(stage.empty))
    assert engine.asked == [("f", {"a": 1})]


def test_failures_are_tried_again_by_the_clock_and_end_with_the_dead_letters(stage: Stage) -> None:
    stage.function("f", DeadLetterConfig={"TargetArn": stage.queue("dead")})
    config = {"DestinationConfig": {"OnFailure": {"Destination": stage.queue("failed")}}}
    stage.records.create(EVENT_INVOKE, *PLACE, "f", config, now=0)

    async def story(engine: Engine) -> None:
        engine.answers = [FAILED] * 3
        stage.send([1])
        for pause in (60, 120):
            waiting = len(engine.asked) + 1
            await stage.until(lambda waiting=waiting: len(engine.asked) == waiting)
            await stage.until(lambda: not engine.running)
            await asyncio.sleep(0.02)
            assert len(engine.asked) == waiting
            await stage.moved(pause)
        await stage.until(stage.empty)

    engine = stage.run(story)
    assert [event for _, event in engine.asked] == [[1]] * 3
    (dead,), (failed,) = stage.taken("dead"), stage.taken("failed")
    assert dead.body == "[1]"
    assert json.loads(dead.attributes)["ErrorMessage"]["StringValue"] == "no"
    told = json.loads(failed.body)
    assert told["requestContext"]["condition"] == "RetriesExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 3


def test_success_is_told_where_it_is_wanted(stage: Stage) -> None:
    stage.function("f")
    stage.function("next")
    config = {"DestinationConfig": {"OnSuccess": {"Destination": f"{ARN}:next"}}}
    stage.records.create(EVENT_INVOKE, *PLACE, "f", config, now=0)

    async def story(engine: Engine) -> None:
        stage.send(5)
        await stage.until(lambda: len(engine.asked) == 2)

    engine = stage.run(story)
    name, told = engine.asked[1]
    assert (name, told["requestContext"]["condition"]) == ("next", "Success")
    assert (told["requestPayload"], told["responsePayload"]) == (5, "ok")


def test_a_busy_function_gets_its_event_later(stage: Stage) -> None:
    stage.function("f")

    async def story(engine: Engine) -> None:
        engine.answers = [TooManyRequestsException("Rate Exceeded.")] * 2
        stage.send(0)
        await stage.until(lambda: len(engine.asked) == 1)
        await stage.moved(1)
        await stage.until(lambda: len(engine.asked) == 2)
        await stage.moved(2)
        await stage.until(stage.empty)

    assert len(stage.run(story).asked) == 3


@pytest.mark.parametrize("slow", [1, AT_ONCE // AT_ONCE_EACH])
def test_slow_functions_hold_up_no_other(stage: Stage, slow: int) -> None:
    names = ["f", *(f"f{number}" for number in range(1, slow))]
    for name in (*names, "g"):
        stage.function(name)

    async def story(engine: Engine) -> None:
        engine.gate.clear()
        for name in names:
            for number in range(50):
                stage.send(number, name)
        await stage.until(lambda: engine.running == AT_ONCE_EACH * slow)
        stage.send("quick", "g")
        await stage.until(lambda: ("g", "quick") in engine.asked)
        engine.gate.set()
        await stage.until(stage.empty)

    engine = stage.run(story)
    assert sorted(event for name, event in engine.asked if name == "f") == list(range(50))
    assert engine.most <= AT_ONCE_EACH * slow + 1


def test_a_function_has_no_more_events_at_once_than_it_has_reserved(stage: Stage) -> None:
    stage.function("f", reserved=2)

    async def story(engine: Engine) -> None:
        engine.gate.clear()
        for number in range(12):
            stage.send(number)
        await stage.until(lambda: engine.running == 2)
        engine.gate.set()
        await stage.until(stage.empty)

    engine = stage.run(story)
    assert sorted(event for _, event in engine.asked) == list(range(12))
    assert engine.most == 2


def test_a_chain_that_comes_by_again_and_again_is_stopped(stage: Stage) -> None:
    stage.function("f", DeadLetterConfig={"TargetArn": stage.queue("dead")})
    trace = "Root=1"
    for _ in range(16):
        trace = onward(trace, f"{ARN}:f")

    async def story(engine: Engine) -> None:
        stage.send("once more", trace=trace)
        stage.send("first")
        await stage.until(stage.empty)

    engine = stage.run(story)
    assert [event for _, event in engine.asked] == ["first"]
    assert passed(engine.traces[0], f"{ARN}:f") == 1
    assert [one.body for one in stage.taken("dead")] == ['"once more"']


def test_an_event_for_a_function_that_is_gone_does_not_stay(stage: Stage) -> None:
    async def story(engine: Engine) -> None:
        stage.send(1)
        await stage.until(stage.empty)

    assert stage.run(story).asked == []


def test_what_was_under_way_is_begun_again_after_the_end_of_the_process(stage: Stage) -> None:
    stage.function("f")

    async def killed(engine: Engine) -> None:
        engine.gate.clear()
        stage.send("kept")
        await stage.until(lambda: engine.running == 1)

    stage.run(killed)
    engine = stage.run(lambda _: stage.until(stage.empty))
    assert engine.asked == [("f", "kept")]
