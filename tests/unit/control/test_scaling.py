"""Scaling as control does it: alarms, schedules and waiting requests in, records out."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.scaling_stage import PLACE, VARIANT, Fired, Stage

from argosy.ground.settings import Settings
from argosy.state import endpoints as ep
from argosy.state import scaling_activities as activities
from argosy.state.database import open_database
from argosy.state.endpoints import new_deployment
from argosy.state.records import Records
from argosy.state.scaling import ACTION, COPIES, INSTANCES, STEP, TARGET, under


@pytest.fixture
def stage(tmp_path: Any) -> Iterator[Stage]:
    engine = open_database(tmp_path / "t.db")
    yield Stage(Records(engine))
    engine.dispose()


async def _scale_out(stage: Stage) -> None:
    stage.endpoint(1)
    stage.target()
    ring = stage.tracking()
    await ring(250.0)
    assert await stage.decided() == 3


def test_a_ringing_alarm_brings_the_metric_to_its_target(stage: Stage) -> None:
    asyncio.run(_scale_out(stage))
    record = stage.records.get("endpoint", *PLACE, "e")
    assert record is not None
    assert record.status == ep.UPDATING
    ((status, cause),) = stage.activities()
    assert status == "InProgress"
    assert cause == "monitor alarm track-high in state ALARM triggered policy track"
    assert stage.last()["description"] == "Setting desired instance count to 3."


def test_a_change_is_told_to_be_fulfilled_when_it_is(stage: Stage) -> None:
    async def go() -> None:
        await _scale_out(stage)
        await stage.scaling.activate()
        assert stage.activities()[0][0] == "InProgress"
        await stage.settle()

    asyncio.run(go())
    assert stage.activities()[0][0] == "Successful"
    assert stage.last()["message"].endswith("Change successfully fulfilled by sagemaker.")


def test_a_control_that_was_killed_goes_on_where_it_was(stage: Stage) -> None:
    async def go() -> None:
        await _scale_out(stage)
        stage.scaling = stage.fresh()
        await stage.settle()

    asyncio.run(go())
    assert [status for status, _ in stage.activities()] == ["Successful"]
    target = stage.records.get(TARGET, *PLACE, VARIANT)
    assert target is not None
    assert target.document["history"][-1]["done"] is True


def test_instances_that_cannot_come_up_fail_the_activity(stage: Stage) -> None:
    async def go() -> None:
        await _scale_out(stage)
        await stage.settle(reason="No such file", count=1)

    asyncio.run(go())
    assert stage.activities()[0][0] == "Failed"
    assert "Reason: No such file" in stage.last()["message"]


def test_a_stale_metric_does_not_add_twice(stage: Stage) -> None:
    async def go() -> None:
        stage.endpoint(1)
        stage.target(most=20)
        ring = stage.tracking()
        await ring(250.0)
        assert await stage.decided() == 3
        await stage.settle()
        await ring(250.0)
        assert await stage.decided() == 3
        await ring(600.0)
        assert await stage.decided() == 6

    asyncio.run(go())


def test_while_the_endpoint_is_updated_by_somebody_scaling_fails_and_goes_on_later(
    stage: Stage,
) -> None:
    async def go() -> None:
        stage.endpoint(1, status=ep.UPDATING)
        stage.target()
        ring = stage.tracking()
        await ring(250.0)
        await ring(250.0)
        assert await stage.decided() == 1
        await stage.settle()
        stage.clock.advance(60)
        await ring(250.0)
        assert await stage.decided() == 3

    asyncio.run(go())
    assert [status for status, _ in stage.activities()] == ["InProgress", "Failed"]
    told = activities.of_resource(stage.records, *PLACE, VARIANT)[1].document
    assert told["not_scaled"][0]["Code"] == "TargetServicePutResourceAsUnscalable"
    assert "Reason: the endpoint is Updating" in told["message"]


def test_scaling_in_waits_for_every_policy(stage: Stage) -> None:
    async def go() -> None:
        stage.endpoint(4)
        stage.target()
        one, other = stage.tracking("one"), stage.tracking("other")
        await one(10.0, is_low=True)
        assert await stage.decided() == 4
        await one(10.0, is_low=True)
        await other(40.0, is_low=True)
        assert await stage.decided() == 2

    asyncio.run(go())


def test_a_policy_that_never_scales_in_holds_nobody_back(stage: Stage) -> None:
    async def go() -> None:
        stage.endpoint(4)
        stage.target()
        one = stage.tracking("one")
        stage.tracking("only-out", DisableScaleIn=True)
        await one(10.0, is_low=True)
        assert await stage.decided() == 1

    asyncio.run(go())


def test_the_cooldown_holds_the_next_scale_in_back(stage: Stage) -> None:
    async def go() -> None:
        stage.endpoint(4)
        stage.target()
        ring = stage.tracking(ScaleInCooldown=120)
        await ring(60.0, is_low=True)
        assert await stage.decided() == 3
        await stage.settle()
        stage.clock.advance(60)
        await ring(10.0, is_low=True)
        assert await stage.decided() == 3
        stage.clock.advance(61)
        await ring(10.0, is_low=True)
        assert await stage.decided() == 1

    asyncio.run(go())


def test_scaling_in_leaves_what_the_busiest_of_the_low_periods_needed(stage: Stage) -> None:
    async def go() -> None:
        stage.endpoint(4)
        stage.target(least=0)
        ring = stage.tracking(ScaleInCooldown=0)
        await ring(0.0, 0.0, 40.0, 10.0, is_low=True)
        assert await stage.decided() == 2
        await stage.settle()
        stage.clock.advance(600)
        await ring(0.0, 0.0, 0.1, is_low=True)
        assert await stage.decided() == 1
        await stage.settle()
        stage.clock.advance(600)
        await ring(0.0, 0.0, 0.0, is_low=True)
        assert await stage.decided() == 0

    asyncio.run(go())


def test_a_step_policy_takes_the_step_of_the_breach(stage: Stage) -> None:
    async def go() -> None:
        stage.endpoint(0)
        stage.target(least=0)
        steps = [
            {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 5, "ScalingAdjustment": 1},
            {"MetricIntervalLowerBound": 5, "ScalingAdjustment": 3},
        ]
        arn = stage.policy("s", STEP, AdjustmentType="ChangeInCapacity", StepAdjustments=steps)
        alarm = stage.alarm("mine", 1.0, above=True, arn=arn)
        await stage.scaling.act(alarm, Fired(arn, ((1.0, stage.now),)))
        assert await stage.decided() == 1

    asyncio.run(go())


def test_a_hand_set_alarm_does_what_a_step_at_the_threshold_does(stage: Stage) -> None:
    async def go() -> None:
        stage.endpoint(1)
        stage.target()
        steps = [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]
        arn = stage.policy("s", STEP, AdjustmentType="ChangeInCapacity", StepAdjustments=steps)
        alarm = stage.alarm("mine", 1.0, above=True, arn=arn)
        await stage.scaling.act(alarm, Fired(arn))
        assert await stage.decided() == 2

    asyncio.run(go())


def test_an_alarm_for_a_policy_that_is_gone_says_so(stage: Stage) -> None:
    alarm = stage.alarm("mine", 1.0, above=True, arn="x")
    gone = f"arn:aws:autoscaling:x:y:scalingPolicy:1:resource/sagemaker/{VARIANT}:policyName/p"
    with pytest.raises(LookupError, match="does not exist"):
        asyncio.run(stage.scaling.act(alarm, Fired(gone)))


def test_at_the_maximum_it_is_said_once_and_no_more(stage: Stage) -> None:
    async def go() -> None:
        stage.endpoint(4)
        stage.target()
        ring = stage.tracking()
        for _ in range(3):
            await ring(250.0)
            await stage.decided()
            stage.clock.advance(60)

    asyncio.run(go())
    assert len(stage.activities()) == 1
    reason = {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 4, "CurrentCapacity": 4}
    assert stage.last()["not_scaled"] == [reason]


def test_reaching_the_maximum_is_an_event(stage: Stage) -> None:
    async def go() -> None:
        stage.endpoint(1)
        stage.target(most=3)
        ring = stage.tracking()
        await ring(900.0)
        assert await stage.decided() == 3
        await stage.settle()

    asyncio.run(go())
    (event,) = [e for e in stage.events.after(0, 10) if e.source.endswith("autoscaling")]
    assert event.detail["scaledToMax"] is True
    assert (event.detail["oldDesiredCapacity"], event.detail["newDesiredCapacity"]) == (1, 3)


@pytest.mark.parametrize(
    ("count", "expected", "cause"),
    [
        (1, 2, "minimum capacity was set to 2"),
        (9, 4, "maximum capacity was set to 4"),
    ],
)
def test_a_range_that_is_set_pulls_the_capacity_into_it(
    stage: Stage, count: int, expected: int, cause: str
) -> None:
    stage.endpoint(count)
    stage.target(least=2, most=4, correct="set")
    asyncio.run(stage.scaling.activate())
    assert stage.count == expected
    assert stage.activities() == [("InProgress", cause)]


def test_what_is_not_in_service_is_left_alone(stage: Stage) -> None:
    async def go() -> None:
        stage.endpoint(9, status=ep.UPDATING)
        stage.target(correct="set")
        await stage.scaling.activate()
        await stage.settle()

    asyncio.run(go())
    assert stage.count == 9


def action(stage: Stage, schedule: str, **more: Any) -> None:
    document = {
        "id": "a",
        "arn": "arn",
        "name": "n",
        "resource_id": VARIANT,
        "dimension": INSTANCES,
        "schedule": schedule,
        "zone": "UTC",
        "start": None,
        "end": None,
        "least": 3,
        "most": None,
        "since": stage.now,
        "origin": stage.now,
        **more,
    }
    stage.records.create(ACTION, *PLACE, under(VARIANT, "n"), document, now=stage.now)


def test_a_scheduled_action_sets_the_range_and_the_capacity_follows(stage: Stage) -> None:
    stage.endpoint(1)
    stage.target()
    action(stage, "rate(1 hour)")
    pause = asyncio.run(stage.scaling.activate())
    assert 0 < pause <= 30
    assert stage.count == 1
    stage.clock.advance(3600)
    asyncio.run(stage.scaling.activate())
    assert stage.count == 3
    newest, before = stage.activities()
    assert newest == ("InProgress", "minimum capacity was set to 3")
    assert before == ("Successful", "scheduled action name n was triggered")


def test_a_moment_that_was_slept_through_is_lost(stage: Stage) -> None:
    stage.endpoint(1)
    stage.target()
    action(stage, "cron(0 8 * * ? *)")
    stage.clock.advance(20 * 86400)
    midnight = stage.now - stage.now % 86400
    stage.clock.advance(midnight + 10 * 3600 - stage.now)
    asyncio.run(stage.scaling.activate())
    assert stage.count == 1


def test_a_schedule_waits_for_an_endpoint_that_is_updated(stage: Stage) -> None:
    async def go() -> None:
        stage.endpoint(1, status=ep.UPDATING)
        stage.target()
        action(stage, "rate(1 hour)")
        stage.clock.advance(3600)
        await stage.scaling.activate()
        assert stage.count == 1
        await stage.settle()

    asyncio.run(go())
    assert stage.count == 3


def test_alarms_are_made_anew_for_another_length_of_periods(stage: Stage) -> None:
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    arn = stage.policy("p", TargetValue=60.0, PredefinedMetricSpecification=metric)
    stage.alarm("p-high", 60.0, above=True, arn=arn)
    stage.settings = Settings(scaling_period=1)
    stage.fresh().start()
    alarm = stage.records.get("alarm", *PLACE, "p-high")
    assert alarm is not None
    members = alarm.document["members"]
    assert (members["Period"], members["Threshold"]) == (1, 1.0)


def test_suspended_schedules_pass(stage: Stage) -> None:
    stage.endpoint(1)
    stage.target(suspended={"ScheduledScalingSuspended": True})
    action(stage, "rate(1 hour)")
    stage.clock.advance(3600)
    asyncio.run(stage.scaling.activate())
    assert stage.activities() == []


def test_a_schedule_that_would_turn_the_range_around_fails(stage: Stage) -> None:
    stage.endpoint(1)
    stage.target(most=2)
    action(stage, "rate(1 hour)")
    stage.clock.advance(3600)
    asyncio.run(stage.scaling.activate())
    assert stage.activities()[0][0] == "Failed"
    assert stage.count == 1


def test_a_waiting_request_brings_up_what_is_down(stage: Stage) -> None:
    stage.endpoint(0)
    stage.target(least=0)
    for _ in range(3):
        stage.scaling.wanted("000000000000/us-east-1/e", "A")
    assert stage.count == 1
    assert [status for status, _ in stage.activities()] == ["InProgress"]


def test_a_waiting_request_starts_nothing_that_is_suspended_or_unknown(stage: Stage) -> None:
    stage.endpoint(0)
    stage.target(least=0, suspended={"DynamicScalingOutSuspended": True})
    stage.scaling.wanted("000000000000/us-east-1/e", "A")
    stage.scaling.wanted("000000000000/us-east-1/e", "B")
    stage.scaling.wanted("000000000000/us-east-1/nobody", "A")
    assert stage.count == 0


def test_a_component_wakes_by_a_deployment_of_its_own(stage: Stage) -> None:
    host = {"VariantName": "A", "InitialInstanceCount": 1}
    live = new_deployment("d", "c", {"ProductionVariants": [host]}, {}, stage.now)
    document = {"name": "e", "arn": "arn", "failure_reason": "", "live": live, "pending": None}
    records = stage.records
    records.create("endpoint", *PLACE, "e", document, now=stage.now, status=ep.IN_SERVICE)
    stage.component(0)
    stage.target(least=0, resource_id="inference-component/c", dimension=COPIES)
    stage.scaling.wanted("000000000000/us-east-1/e", "c")
    record = records.get("inference-component", *PLACE, "c")
    assert record is not None
    assert record.document["pending"]["variants"][0]["count"] == 1
    (activity,) = activities.of_resource(records, *PLACE, "inference-component/c")
    assert activity.document["description"] == "Setting desired copy count to 1."
