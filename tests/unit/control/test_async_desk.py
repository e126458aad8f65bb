"""The desk of asynchronous requests: a real database, porters made of lists, a moved clock."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from argosy.control.asynchronous.desk import Desk
from argosy.control.asynchronous.line import MOST_LOSSES, MOST_WAITING
from argosy.control.asynchronous.plans import QueuePlan
from argosy.control.asynchronous.seats import GRACE_S
from argosy.ground.clock import ManualClock
from argosy.ground.errors import ResourceNotFound
from argosy.state.async_requests import AsyncRequest, NewRequest
from argosy.state.database import open_database
from argosy.state.transactions import Transactions

GOOD = {"ok": True, "content_type": "text/csv", "status": 200, "times": {"model_us": 1500}}


class FakePorter:
    """A connection that remembers what it was sent."""

    def __init__(self, instance: str, variant: str, concurrency: int, holding: list[str]) -> None:
        work = {"kind": "async", "concurrency": concurrency}
        self.hello = {"instance": instance, "variant": variant, "work": work, "holding": holding}
        self.instance = instance
        self.sent: list[dict[str, Any]] = []
        self.closed = False

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(json.loads(json.dumps(message)))

    def close(self) -> None:
        self.closed = True

    @property
    def taken(self) -> list[str]:
        return [one["take"]["id"] for one in self.sent if "take" in one]

    @property
    def acked(self) -> list[str]:
        return [number for one in self.sent for number in one.get("acked", [])]


class Office:
    """A desk and what is around it."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.clock = ManualClock()
        self.published: list[tuple[str, dict[str, Any]]] = []
        self.failures: dict[str, str] = {}
        self.traffic: list[Any] = []
        self.answered: set[str] = set()
        self.store_away = False
        self.numbers = iter(range(10_000))
        self.restart()

    def restart(self) -> None:
        """A control that remembers nothing."""
        transactions = Transactions(self.engine)
        self.desk = Desk(
            transactions,
            self.clock,
            self._publish,
            self._tell_failure,
            self.traffic.append,
            draw=lambda: 0.0,
        )

    def _publish(self, topic: str, message: str) -> None:
        if topic == "missing":
            raise ResourceNotFound("There is no such topic.")
        self.published.append((topic, json.loads(message)))

    def _tell_failure(self, request: AsyncRequest, reason: str) -> bool:
        if self.store_away:
            raise OSError("away")
        if request.id not in self.answered:
            self.failures[request.id] = reason
        return request.id in self.answered

    def plan(
        self, queue: str = "q", instances: tuple[str, ...] = ("i1",), **more: Any
    ) -> QueuePlan:
        weights = more.pop("weights", {"A": 1.0})
        variants = more.pop("variants", {})
        return QueuePlan(
            queue=queue,
            key=f"1/r/{queue}",
            account="1",
            region="r",
            endpoint=queue,
            accepts=more.pop("accepts", True),
            weights=weights,
            instances={instance: variants.get(instance, "A") for instance in instances},
            topics=more.pop("topics", {}),
            includes=frozenset(more.pop("includes", ())),
        )

    def take(self, *plans: QueuePlan, alive: tuple[str, ...] | None = None) -> None:
        here = [instance for plan in plans for instance in plan.instances]
        self.desk.take(plans, here if alive is None else alive)

    async def porter(
        self, instance: str = "i1", concurrency: int = 2, holding: tuple[str, ...] = (), **of: str
    ) -> FakePorter:
        porter = FakePorter(instance, of.get("variant", "A"), concurrency, list(holding))
        self.desk.joined(porter)  # type: ignore[arg-type]
        await turns()
        return porter

    async def leave(self, porter: FakePorter) -> None:
        self.desk.left(porter)  # type: ignore[arg-type]
        await turns()

    async def keep(self, count: int = 1, queue: str = "q", **more: Any) -> list[str]:
        asked = []
        for _ in range(count):
            number = f"{queue}{next(self.numbers)}"
            document = {
                "endpoint": queue,
                "input": "s3://b/in",
                "inference_id": number.upper(),
                "output": f"s3://b/{number}.out",
            }
            asked.append(
                NewRequest(queue, number, more.get("ttl_s", 600), json.dumps(document), None)
            )
        refused = await self.desk.keep(asked, False)
        assert not refused
        await turns()
        return [one.id for one in asked]

    async def done(self, porter: FakePorter, number: str, **result: Any) -> None:
        message = {"done": {"id": number, **(result or GOOD)}}
        self.desk.told(porter, message)  # type: ignore[arg-type]
        while self.desk._endings._ended:
            await asyncio.sleep(0.001)
        await turns()

    async def sweep(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.desk.sweep()
        for _ in range(50):
            await turns()
            await asyncio.sleep(0.001)

    def queue(self, name: str = "q") -> dict[str, Any]:
        found = self.desk.report(f"1/r/{name}")
        assert found is not None
        return dict(found["queue"])

    def counts(self, variant: str = "A") -> dict[str, Any]:
        found = self.desk.report("1/r/q")
        assert found is not None
        return dict(found["variants"][variant])


async def turns() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


Scenario = Callable[[Office], Awaitable[None]]
Play = Callable[[Scenario], Office]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    engine = open_database(tmp_path / "argosy.db")

    def run(scenario: Scenario) -> Office:
        office = Office(engine)
        asyncio.run(scenario(office))  # type: ignore[arg-type]
        return office

    yield run
    engine.dispose()


def test_an_instance_never_has_more_than_its_concurrency(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan())
        porter = await office.porter(concurrency=2)
        ids = await office.keep(5)
        assert porter.taken == ids[:2]

        await office.done(porter, ids[1])
        assert porter.taken == ids[:3]
        assert porter.acked == [ids[1]]

    play(scenario)


def test_requests_wait_while_there_is_no_instance_and_go_out_oldest_first(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(instances=()))
        ids = await office.keep(3)
        office.clock.advance(30)
        assert office.queue() == {
            "ApproximateBacklogSize": 3,
            "ApproximateBacklogSizePerInstance": 3.0,
            "ApproximateAgeOfOldestRequest": 30.0,
            "HasBacklogWithoutCapacity": 1,
        }
        office.take(office.plan())
        porter = await office.porter(concurrency=9)
        assert porter.taken == ids
        assert office.queue()["HasBacklogWithoutCapacity"] == 0

    play(scenario)


def test_a_backlog_larger_than_the_part_in_memory_goes_out_whole_and_in_order(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan())
        porter = await office.porter(concurrency=1)
        ids = [n for _ in range(3) for n in await office.keep(MOST_WAITING - 100)]
        for number in ids:
            await office.done(porter, number)
        assert porter.taken == ids
        assert office.queue()["ApproximateBacklogSize"] == 0

    play(scenario)


def test_what_a_dead_instance_held_goes_out_again_first_and_says_so(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(instances=("i1", "i2")))
        first, second = await office.porter("i1", 2), await office.porter("i2", 1)
        await office.keep(6)
        lost, kept = first.taken, second.taken
        office.take(office.plan(instances=("i2",)))
        await office.leave(first)
        assert second.taken == kept

        await office.done(second, kept[0])
        assert second.taken[1] == min(lost)
        assert [one["take"]["again"] for one in second.sent if "take" in one] == [False, True]

    play(scenario)


def test_a_porter_that_comes_back_in_time_keeps_what_it_holds(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(instances=("i1", "i2")))
        first, second = await office.porter("i1", 1), await office.porter("i2", 1)
        (one, two) = await office.keep(2)
        holder = first if one in first.taken else second
        other = second if holder is first else first
        await office.leave(holder)
        await office.done(other, two)
        back = await office.porter(holder.instance, 1, holding=(one,))
        await office.sweep(GRACE_S + 1)
        assert other.taken == [two]

        await office.done(back, one)
        assert office.queue()["ApproximateBacklogSize"] == 0

    play(scenario)


def test_a_porter_that_comes_back_with_nothing_gets_its_requests_again(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan())
        first = await office.porter(concurrency=2)
        ids = await office.keep(2)
        await office.leave(first)
        again = await office.porter(concurrency=2)
        assert again.taken == ids

    play(scenario)


def test_a_porter_that_does_not_come_back_in_time_loses_what_it_held(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(instances=("i1", "i2")))
        first, second = await office.porter("i1", 1), await office.porter("i2", 1)
        ids = await office.keep(2)
        await office.leave(first)
        await office.done(second, second.taken[0])
        assert len(second.taken) == 1
        await office.sweep(GRACE_S + 1)
        assert set(second.taken) == set(ids)

    play(scenario)


def test_control_that_comes_back_gives_out_nothing_that_a_porter_still_holds(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(instances=("i1", "i2")))
        await office.porter("i1", 1)
        ids = await office.keep(3)
        office.restart()
        office.take(office.plan(instances=("i1", "i2")))
        second = await office.porter("i2", 2)
        assert second.taken == []  # i1 may hold any of them

        await office.porter("i1", 1, holding=(ids[0],))
        assert second.taken == ids[1:]
        assert [one["take"]["again"] for one in second.sent] == [True, True]

    play(scenario)


def test_control_that_comes_back_does_not_wait_for_ever_for_a_porter(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(instances=("i1", "i2")))
        ids = await office.keep(1)
        office.restart()
        office.take(office.plan(instances=("i1", "i2")))
        second = await office.porter("i2", 2)
        await office.sweep(GRACE_S + 1)
        assert second.taken == ids

    play(scenario)


def test_a_result_that_was_reported_before_is_acknowledged_again(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(topics={True: "good"}))
        porter = await office.porter()
        (number,) = await office.keep(1)
        await office.done(porter, number)
        office.restart()
        office.take(office.plan(topics={True: "good"}))
        again = await office.porter(holding=(number,))
        await office.done(again, number)

        assert again.acked == [number]
        assert len(office.published) == 1

    play(scenario)


def test_an_instance_that_leaves_gets_nothing_more(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(instances=("i1", "i2")))
        first, second = await office.porter("i1", 1), await office.porter("i2", 1)
        office.desk.told(first, {"leaving": True})  # type: ignore[arg-type]
        ids = await office.keep(2)
        assert (first.taken, second.taken) == ([], ids[:1])

    play(scenario)


def test_a_request_that_is_given_back_goes_to_another_instance(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(instances=("i1", "i2")))
        first, second = await office.porter("i1", 2), await office.porter("i2", 1)
        (number,) = await office.keep(1)
        assert first.taken == [number]
        office.desk.told(first, {"leaving": True})  # type: ignore[arg-type]
        office.desk.told(first, {"back": [number]})  # type: ignore[arg-type]
        await turns()
        assert second.taken == [number]

    play(scenario)


def test_an_endpoint_that_is_gone_takes_its_queue_with_it(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(instances=()), office.plan("r", instances=()))
        await office.keep(2)
        await office.keep(1, queue="r")
        office.take(office.plan("r", instances=()))
        office.take(office.plan(), office.plan("r", instances=()))
        porter = await office.porter(concurrency=9)

        assert porter.taken == []
        assert office.queue("r")["ApproximateBacklogSize"] == 1

    play(scenario)


def test_requests_for_an_endpoint_that_is_gone_are_refused(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan())
        refused = await office.desk.keep([NewRequest("gone", "a", 60, "{}", None)], False)
        assert list(refused) == ["a"]

    play(scenario)


def test_a_group_that_is_handed_in_again_is_kept_once(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(instances=()))
        group = [NewRequest("q", "a", 60, "{}", None), NewRequest("q", "b", 60, "{}", None)]
        await office.desk.keep(group[:1], False)
        await office.desk.keep(group, True)
        assert office.queue()["ApproximateBacklogSize"] == 2

    play(scenario)


def test_a_success_is_told_to_its_topic_in_sagemakers_form(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(topics={True: "good", False: "bad"}, includes=(True,)))
        porter = await office.porter()
        (number,) = await office.keep(1)
        assert porter.sent[-1]["take"]["respond"] == [True]
        office.clock.advance(2.5)
        answer = {"content": "1,2", "encoding": "UTF-8"}
        await office.done(porter, number, **{**GOOD, "response": answer})

        ((topic, told),) = office.published
        assert topic == "good"
        assert told == {
            "awsRegion": "r",
            "eventTime": "2023-11-14T22:13:22.500Z",
            "receivedTime": "2023-11-14T22:13:20.000Z",
            "invocationStatus": "Completed",
            "requestParameters": {"endpointName": "q", "inputLocation": "s3://b/in"},
            "responseParameters": {
                "contentType": "text/csv",
                "outputLocation": f"s3://b/{number}.out",
            },
            "responseBody": answer,
            "inferenceId": number.upper(),
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
        }

    play(scenario)


def test_a_failure_is_told_to_the_error_topic_with_its_reason(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(topics={True: "good", False: "bad"}))
        porter = await office.porter()
        (number,) = await office.keep(1)
        await office.done(porter, number, ok=False, reason="ClientError: no", kind="download")

        ((topic, told),) = office.published
        assert (topic, told["invocationStatus"], told["failureReason"]) == (
            "bad",
            "Failed",
            "ClientError: no",
        )
        assert "outputLocation" not in told.get("responseParameters", {})
        assert office.counts()["RequestDownloadFailures"] == 1

    play(scenario)


def test_a_topic_that_is_gone_is_counted_and_the_request_is_finished(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(topics={True: "missing"}))
        porter = await office.porter()
        (number,) = await office.keep(1)
        await office.done(porter, number)

        assert porter.acked == [number]
        assert office.counts()["NotificationFailures"] == 1
        assert office.counts()["InvocationsProcesssed"] == 1

    play(scenario)


def test_an_expired_request_gets_a_failure_object_and_is_not_given_out(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(instances=(), topics={False: "bad"}))
        (old,) = await office.keep(1, ttl_s=60)
        (young,) = await office.keep(1, ttl_s=600)
        await office.sweep(61)
        office.take(office.plan())
        porter = await office.porter()

        assert porter.taken == [young]
        assert list(office.failures) == [old]
        assert "RequestTTLSeconds, 60 s" in office.failures[old]
        assert [told["invocationStatus"] for _, told in office.published] == ["Failed"]
        assert office.counts()["ExpiredRequests"] == 1

    play(scenario)


def test_a_request_that_is_worked_on_does_not_expire(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan())
        porter = await office.porter()
        (number,) = await office.keep(1, ttl_s=60)
        await office.sweep(61)
        await office.done(porter, number)
        assert office.failures == {}
        assert office.counts()["InvocationsProcesssed"] == 1

    play(scenario)


def test_an_expired_request_whose_answer_is_there_ends_well(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(topics={True: "good"}))
        porter = await office.porter()
        (number,) = await office.keep(1, ttl_s=60)
        office.take(office.plan(instances=(), topics={True: "good"}))
        await office.leave(porter)
        office.answered.add(number)
        await office.sweep(61)
        assert [topic for topic, _ in office.published] == ["good"]

    play(scenario)


def test_an_expired_request_waits_for_a_store_that_is_away(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(instances=()))
        (number,) = await office.keep(1, ttl_s=60)
        office.store_away = True
        await office.sweep(61)
        assert office.queue()["ApproximateBacklogSize"] == 1
        office.store_away = False
        await office.sweep(1)
        assert list(office.failures) == [number]
        assert office.queue()["ApproximateBacklogSize"] == 0

    play(scenario)


def test_variants_share_by_weight_and_one_without_weight_gets_nothing(play: Play) -> None:
    async def scenario(office: Office) -> None:
        variants = {"i1": "A", "i2": "B", "i3": "C"}
        office.take(
            office.plan(
                instances=("i1", "i2", "i3"),
                variants=variants,
                weights={"A": 1.0, "B": 3.0, "C": 0.0},
            )
        )
        draws = iter([0.0, 0.3, 0.9, 0.99])
        office.desk._draw = lambda: next(draws, 0.5)
        porters = [
            await office.porter(instance, 5, variant=variant)
            for instance, variant in variants.items()
        ]
        await office.keep(4)
        assert [len(porter.taken) for porter in porters] == [1, 3, 0]

    play(scenario)


def test_a_disk_that_is_full_loses_no_result(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan())
        porter = await office.porter()
        (number,) = await office.keep(1)
        with monkeypatch.context() as patch:
            patch.setattr(
                "argosy.state.async_requests.AsyncRequests.finish",
                lambda self, ids: (_ for _ in ()).throw(OSError("disk full")),
            )
            await office.done(porter, number)
        assert porter.closed
        assert porter.acked == []
        await office.leave(porter)
        again = await office.porter(holding=(number,))
        await office.done(again, number)
        assert again.acked == [number]
        assert office.queue()["ApproximateBacklogSize"] == 0

    play(scenario)


def test_latencies_and_errors_of_the_model_are_told_like_an_edges(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan())
        porter = await office.porter()
        ids = await office.keep(2)
        await office.done(porter, ids[0])
        await office.done(porter, ids[1], **{**GOOD, "ok": False, "status": 500})
        counted = [line for lines in office.traffic for line in lines]
        assert [(one["errors_4xx"], one["errors_5xx"]) for one in counted] == [(0, 0), (0, 1)]
        assert {(one["endpoint"], one["variant"]) for one in counted} == {("1/r/q", "A")}
        assert office.counts()["InvocationFailures"] == 1

    play(scenario)


def test_a_request_that_instances_die_of_fails_in_the_end(play: Play) -> None:
    async def scenario(office: Office) -> None:
        number = ""
        for life in range(MOST_LOSSES):
            office.take(office.plan(instances=(f"i{life}",)))
            porter = await office.porter(f"i{life}")
            if not number:
                (number,) = await office.keep(1)
            assert porter.taken == [number]
            office.take(office.plan(instances=()))
            await office.leave(porter)
        await office.sweep(1)

        assert "5 instances ended" in office.failures[number]
        assert office.queue()["ApproximateBacklogSize"] == 0
        assert office.counts()["InvocationFailures"] == 1

    play(scenario)


def test_a_result_that_is_said_twice_at_once_counts_once(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan(topics={True: "good"}))
        porter = await office.porter()
        (number,) = await office.keep(1)
        office.desk.told(porter, {"done": {"id": number, **GOOD}})  # type: ignore[arg-type]
        again = await office.porter(holding=(number,))
        await office.done(again, number)

        assert again.acked == [number]
        assert len(office.published) == 1
        assert office.counts()["InvocationsProcesssed"] == 1

    play(scenario)


def test_a_slot_is_free_as_soon_as_its_request_is_over(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan())
        porter = await office.porter(concurrency=1)
        ids = await office.keep(2)
        office.desk.told(porter, {"done": {"id": ids[0], **GOOD}})  # type: ignore[arg-type]
        await turns()
        assert porter.taken == ids

    play(scenario)


def test_a_long_queue_does_not_hold_up_another_endpoint(play: Play) -> None:
    async def scenario(office: Office) -> None:
        office.take(office.plan("q", instances=("i1",)), office.plan("r", instances=("i2",)))
        await office.keep(400, queue="q")
        (other,) = await office.keep(1, queue="r")
        order: list[str] = []
        for instance, room in (("i1", 400), ("i2", 1)):
            porter = FakePorter(instance, "A", room, [])
            porter.send = lambda message: order.append(message["take"]["id"])  # type: ignore[method-assign]
            office.desk.joined(porter)  # type: ignore[arg-type]
        for _ in range(30):
            await turns()
        assert len(order) == 401
        assert order.index(other) < 200

    play(scenario)
