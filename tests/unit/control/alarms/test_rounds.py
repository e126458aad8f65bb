"""Alarms over time: looked at when due, announced once, acted on, on a clock that is moved."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.alarms import ACCOUNT, POLICY, REGION, Watch, data, kinds

from argosy.control.alarms import messages
from argosy.state import alarms
from argosy.state.database import open_database
from argosy.telemetry.metrics import Sample, metric


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    engine = open_database(tmp_path / "argosy.db")
    yield Watch(engine)
    engine.dispose()


def test_an_alarm_goes_off_and_is_well_again(watch: Watch) -> None:
    watch.put("high")
    watch.look()
    seen = [watch.state("high")]

    for value in (5.0, 50.0, 50.0, 5.0):
        watch.measure(value)
        seen.append(watch.state("high"))

    assert seen == ["INSUFFICIENT_DATA", "OK", "ALARM", "ALARM", "OK"]
    assert [summary for _, summary in kinds(watch.history("high"))] == [
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from INSUFFICIENT_DATA to OK",
    ]


def test_a_topic_is_told_of_a_change_once(watch: Watch) -> None:
    arn = watch.topic("t")
    watch.put("high", AlarmActions=[arn], AlarmDescription="too much", Dimensions=[])
    watch.measure(50.0)
    watch.measure(50.0)
    watch.again()
    watch.measure(50.0)

    (told,) = watch.told()

    assert told["AlarmName"] == "high"
    assert told["AlarmDescription"] == "too much"
    assert (told["OldStateValue"], told["NewStateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert told["Region"] == "US East (N. Virginia)"
    assert told["AlarmArn"] == f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:high"
    assert told["Trigger"]["Statistic"] == "SUM"
    assert told["Trigger"]["Threshold"] == 10.0
    assert told["NewStateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints")


def test_the_event_of_a_change_is_in_the_outbox(watch: Watch) -> None:
    watch.put("high", Dimensions=[{"Name": "d", "Value": "v"}], TreatMissingData="breaching")
    watch.look()

    (event,) = watch.events()

    assert (event.source, event.detail_type) == ("aws.cloudwatch", "CloudWatch Alarm State Change")
    assert event.resources == [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:high"]
    assert event.detail["alarmName"] == "high"
    assert event.detail["state"]["value"] == "ALARM"
    assert event.detail["previousState"]["value"] == "INSUFFICIENT_DATA"
    (configured,) = event.detail["configuration"]["metrics"]
    assert configured["metricStat"]["metric"]["dimensions"] == {"d": "v"}


def test_scaling_is_told_again_as_long_as_the_state_lasts(watch: Watch) -> None:
    watch.put("high", AlarmActions=[POLICY])
    watch.measure(50.0)
    watch.measure(60.0)
    watch.measure(5.0)
    watch.measure(5.0)

    told = [(one.repeated, one.state, one.value, one.action) for one in watch.acted]
    assert told == [(False, "ALARM", 50.0, POLICY), (True, "ALARM", 60.0, POLICY)]
    assert ("Action", f"Successfully executed action {POLICY}") in kinds(watch.history("high"))


def test_an_alarm_whose_actions_are_disabled_does_nothing(watch: Watch) -> None:
    arn = watch.topic("t")
    watch.put("high", AlarmActions=[arn, POLICY], ActionsEnabled=False)
    watch.measure(50.0)
    watch.measure(50.0)

    assert watch.state("high") == "ALARM"
    assert watch.told() == []
    assert watch.acted == []


def test_actions_that_nobody_carries_out_are_told_in_the_history(watch: Watch) -> None:
    gone = f"arn:aws:sns:{REGION}:{ACCOUNT}:gone"
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
    watch.put("high", AlarmActions=[gone, function])
    watch.measure(50.0)

    failed = [item for item in watch.history("high") if item.summary.startswith("Failed")]

    assert [item.summary for item in failed] == [
        f"Failed to execute action {function}",
        f"Failed to execute action {gone}",
    ]
    assert all(data(item)["error"] for item in failed)


def test_a_state_set_by_hand_is_acted_on_and_lasts_till_the_next_look(watch: Watch) -> None:
    arn = watch.topic("t")
    watch.put("high", AlarmActions=[arn])
    watch.measure(5.0)
    record = watch.record("high")
    alarms.set_state(watch.records, record, "ALARM", "a drill", "", watch.clock.now())

    watch.after(1.0)

    assert watch.state("high") == "ALARM"
    assert [told["NewStateReason"] for told in watch.told()] == ["a drill"]
    watch.measure(5.0)
    assert watch.state("high") == "OK"


def test_an_alarm_that_is_changed_is_looked_at_at_once(watch: Watch) -> None:
    watch.put("high")
    watch.measure(5.0)
    watch.put("high", Threshold=1.0)

    watch.after(1.0)

    assert watch.state("high") == "ALARM"


def test_an_alarm_of_a_metric_that_stops_has_insufficient_data(watch: Watch) -> None:
    watch.put("high")
    watch.measure(5.0)
    for _ in range(4):
        watch.measure()

    assert watch.state("high") == "INSUFFICIENT_DATA"


def test_a_clock_that_is_put_back_stops_no_alarm(watch: Watch) -> None:
    watch.put("high")
    watch.measure(5.0)
    watch.clock.advance(-7200)

    watch.measure(50.0)

    assert watch.state("high") == "ALARM"


def test_a_clock_that_leaps_ahead_has_alarms_looked_at_once(watch: Watch) -> None:
    watch.put("high", AlarmActions=[POLICY], TreatMissingData="breaching")
    watch.look()
    watch.after(10 * 86400)

    assert [one.repeated for one in watch.acted] == [False, True]


def test_an_alarm_on_an_expression(watch: Watch) -> None:
    def stat(name: str) -> dict[str, Any]:
        return {
            "Metric": {"Namespace": "N", "MetricName": name},
            "Period": 60,
            "Stat": "Sum",
        }

    watch.put(
        "rate",
        Metrics=[
            {"Id": "e", "Expression": "100 * bad / FILL(all, 1)", "ReturnData": True},
            {"Id": "bad", "MetricStat": stat("Bad"), "ReturnData": False},
            {"Id": "all", "MetricStat": stat("All"), "ReturnData": False},
        ],
    )
    for bad, calls in ((1.0, 100.0), (20.0, 100.0)):
        now = watch.clock.now()
        watch.metrics.put(metric(ACCOUNT, REGION, "N", "Bad"), now, Sample.of(bad))
        watch.metrics.put(metric(ACCOUNT, REGION, "N", "All"), now, Sample.of(calls))
        watch.after(60)

    assert [summary for _, summary in kinds(watch.history("rate"))] == [
        "Alarm updated from OK to ALARM",
        "Alarm updated from INSUFFICIENT_DATA to OK",
    ]
    assert "[20.0 " in watch.record("rate").document["reason"]


def test_an_expression_that_gives_no_series_is_told_in_the_reason(watch: Watch) -> None:
    watch.put("bad", Metrics=[{"Id": "e", "Expression": "1 + 1"}])
    record = watch.record("bad")
    alarms.set_state(watch.records, record, "OK", "", "", watch.clock.now())
    watch.look()

    assert watch.state("bad") == "INSUFFICIENT_DATA"
    assert "single number" in watch.record("bad").document["reason"]


def test_five_minutes_are_looked_at_every_minute(watch: Watch) -> None:
    watch.put("high", Period=300)
    watch.measure(8.0)
    watch.measure(8.0)

    assert watch.state("high") == "ALARM"


def test_a_managed_alarm_of_one_second_is_looked_at_every_second(watch: Watch) -> None:
    watch.put("high", Period=1, AlarmActions=[POLICY])
    watch.after(0.5)
    asked = metric(ACCOUNT, REGION, "N", "M")
    watch.metrics.put(asked, watch.clock.now(), Sample.of(50.0), resolution=1)
    for _ in range(3):
        watch.after(1.0)

    assert watch.state("high") == "ALARM"
    assert len(watch.acted) >= 2


def test_a_composite_alarm_follows_its_children_through_several_levels(watch: Watch) -> None:
    arn = watch.topic("t")
    watch.put("high")
    watch.compose("all", 'ALARM("top")', AlarmActions=[arn])
    watch.compose("top", "ALARM(high) AND NOT ALARM(mute)")
    watch.measure(5.0)
    assert watch.state("all") == "OK"

    watch.measure(50.0)

    assert (watch.state("top"), watch.state("all")) == ("ALARM", "ALARM")
    assert [told["AlarmName"] for told in watch.told()] == ["all"]
    reason = watch.record("top").document["reason"]
    assert reason.startswith(
        f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:high transitioned to ALARM"
    )


def test_a_suppressor_holds_a_composite_alarms_actions_back_until_it_is_well(watch: Watch) -> None:
    arn = watch.topic("t")
    watch.put("high")
    watch.put("repair", MetricName="Repair")
    watch.compose(
        "all",
        "ALARM(high)",
        AlarmActions=[arn],
        ActionsSuppressor="repair",
        ActionsSuppressorWaitPeriod=30,
        ActionsSuppressorExtensionPeriod=90,
    )
    watch.measure(50.0, name="Repair")
    watch.measure(50.0)
    assert watch.state("all") == "ALARM"
    assert watch.record("all").document["suppressed"]["by"] == "Alarm"
    watch.measure(1.0, name="Repair")
    assert watch.record("all").document["suppressed"]["by"] == "ExtensionPeriod"
    assert watch.told() == []

    watch.after(95)

    assert [told["AlarmName"] for told in watch.told()] == ["all"]
    assert watch.record("all").document["suppressed"] is None


def test_deleted_alarms_are_forgotten(watch: Watch) -> None:
    watch.put("high")
    watch.look()
    alarms.delete_alarm(watch.records, ACCOUNT, REGION, "high")
    watch.measure(50.0)

    assert watch.events() == []


def test_an_alarm_that_cannot_be_read_holds_up_no_other(watch: Watch) -> None:
    watch.put("broken", Statistic="Median")
    watch.compose("broken too", "ALARM(")
    watch.put("high")
    watch.measure(50.0)

    assert watch.state("high") == "ALARM"
    assert watch.state("broken") == "INSUFFICIENT_DATA"


def test_a_managed_alarm_on_an_expression_may_have_any_period(watch: Watch) -> None:
    asked = {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 3, "Stat": "Sum"}
    watch.put(
        "high",
        Metrics=[
            {"Id": "m", "MetricStat": asked, "ReturnData": False},
            {"Id": "e", "Expression": "m / 2"},
        ],
    )
    given = metric(ACCOUNT, REGION, "N", "M")
    watch.metrics.put(given, watch.clock.now(), Sample.of(50.0), resolution=1)
    watch.after(4.0)

    assert watch.state("high") == "ALARM"


def test_the_history_of_very_long_reasons_is_json_still(watch: Watch) -> None:
    watch.put("long", EvaluationPeriods=600, DatapointsToAlarm=1, TreatMissingData="notBreaching")
    asked = metric(ACCOUNT, REGION, "N", "M")
    for minute in range(300):
        watch.metrics.put(asked, watch.clock.now() - 60 * minute, Sample.of(50.123456789))
    watch.after(60)

    for item in watch.history("long"):
        assert data(item)["version"] == "1.0"


def test_actions_that_wait_are_carried_out_when_their_time_is_up(watch: Watch) -> None:
    arn = watch.topic("t")
    watch.put("repair", MetricName="Repair")
    watch.compose(
        "all",
        "TRUE",
        AlarmActions=[arn],
        ActionsSuppressor="repair",
        ActionsSuppressorWaitPeriod=10,
        ActionsSuppressorExtensionPeriod=10,
    )
    watch.look()
    pause = asyncio.run(watch.alarms.round())
    assert watch.told() == []

    assert pause == pytest.approx(10)
    watch.after(pause)
    assert len(watch.told()) == 1


def test_a_composite_alarm_notices_that_a_child_is_gone(watch: Watch) -> None:
    watch.put("high", TreatMissingData="breaching")
    watch.compose("all", "ALARM(high)")
    watch.look()
    assert watch.state("all") == "ALARM"
    alarms.delete_alarm(watch.records, ACCOUNT, REGION, "high")

    watch.look()

    assert watch.state("all") == "OK"


def test_an_alarm_of_any_name_can_be_told(watch: Watch) -> None:
    arn = watch.topic("t")
    name = "größer\n" + "x" * 240
    watch.put(name, TreatMissingData="breaching", AlarmActions=[arn])
    watch.look()

    assert [told["AlarmName"] for told in watch.told()] == [name]
    subject = messages.subject(watch.record(name), changed("ALARM"))
    assert subject.startswith('ALARM: "größer xxx')
    assert len(subject) == 100
    assert messages.subject(watch.put("a"), changed("OK")) == 'OK: "a" in US East (N. Virginia)'


def changed(state: str) -> Any:
    return {"state": state}


def test_a_composite_alarm_set_by_hand_stays_so_until_a_child_changes(watch: Watch) -> None:
    watch.put("high")
    watch.put("other", MetricName="Other")
    watch.compose("all", "ALARM(high)")
    watch.measure(5.0)
    record = watch.record("all")
    alarms.set_state(watch.records, record, "ALARM", "a drill", "", watch.clock.now())

    watch.measure(5.0, name="Other")
    assert watch.state("other") == "OK"
    assert watch.state("all") == "ALARM"
    watch.measure(50.0)
    watch.measure(5.0)
    assert watch.state("all") == "OK"
