"""CloudWatch's alarms and dashboards, asked by real boto3; evaluated elsewhere."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from argosy.ground.clock import ManualClock
from argosy.state.alarm_history import AlarmHistory
from tests.support.api_client import ApiServer
from tests.support.protocols import CBOR, JSON, QUERY, client_of

NOW = datetime.fromtimestamp(1_700_000_000, UTC)
TOPIC = "arn:aws:sns:us-east-1:000000000000:t"
ARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:"


@pytest.fixture(scope="session", params=[JSON, QUERY, CBOR])
def one_speaker(one_server: ApiServer, request: pytest.FixtureRequest) -> Any:
    return client_of(one_server.client, "cloudwatch", request.param)


@pytest.fixture
def every(server: ApiServer, one_speaker: Any) -> Any:
    """A client for each protocol."""
    AlarmHistory(server.records.transactions).delete_all()
    return one_speaker


@pytest.fixture(scope="session")
def one_plain(one_server: ApiServer) -> Any:
    return one_server.client("cloudwatch")


@pytest.fixture
def cloudwatch(server: ApiServer, one_plain: Any) -> Any:
    AlarmHistory(server.records.transactions).delete_all()
    return one_plain


def members(name: str = "high", **more: Any) -> dict[str, Any]:
    given = {
        "AlarmName": name,
        "Namespace": "Shop",
        "MetricName": "M",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 10.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **more,
    }
    return {key: value for key, value in given.items() if value is not None}


def math_query(**more: Any) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": "Shop", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}
    return {"Id": "m", "MetricStat": stat, **more}


ON_MATH = {
    **dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period")),
    "Metrics": [math_query(ReturnData=False), {"Id": "e", "Expression": "m * 2"}],
}


def described(client: Any, name: str) -> dict[str, Any]:
    answer = client.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    (found,) = answer["MetricAlarms"] + answer["CompositeAlarms"]
    return dict(found)


def test_an_alarm_is_described_as_it_was_put(every: Any) -> None:
    asked = members(
        AlarmDescription="too much",
        AlarmActions=[TOPIC],
        Dimensions=[{"Name": "Shop", "Value": "a"}],
        TreatMissingData="breaching",
        DatapointsToAlarm=2,
        Unit="Count",
    )
    every.put_metric_alarm(**asked)

    found = described(every, "high")

    assert {name: found[name] for name in asked} == asked
    assert found["AlarmArn"] == ARN + "high"
    assert found["ActionsEnabled"] is True
    assert (found["OKActions"], found["InsufficientDataActions"]) == ([], [])
    assert found["StateValue"] == "INSUFFICIENT_DATA"
    assert found["StateReason"] == "Unchecked: Initial alarm creation"
    assert found["StateUpdatedTimestamp"] == NOW
    assert found["AlarmConfigurationUpdatedTimestamp"] == NOW


def test_an_alarm_on_an_expression_is_described_as_it_was_put(every: Any) -> None:
    every.put_metric_alarm(**members(**ON_MATH))

    found = described(every, "high")

    assert found["Metrics"] == ON_MATH["Metrics"]
    assert "MetricName" not in found


def test_a_state_is_set_by_hand(every: Any) -> None:
    every.put_metric_alarm(**members())
    every.set_alarm_state(
        AlarmName="high", StateValue="ALARM", StateReason="a drill", StateReasonData='{"a":1}'
    )

    found = described(every, "high")

    assert (found["StateValue"], found["StateReason"]) == ("ALARM", "a drill")
    assert found["StateReasonData"] == '{"a":1}'


def test_a_composite_alarm_is_described_as_it_was_put(every: Any) -> None:
    every.put_metric_alarm(**members())
    every.put_metric_alarm(**members("mute"))
    asked = {
        "AlarmName": "all",
        "AlarmRule": 'ALARM("high")',
        "AlarmActions": [TOPIC],
        "ActionsSuppressor": "mute",
        "ActionsSuppressorWaitPeriod": 60,
        "ActionsSuppressorExtensionPeriod": 120,
    }
    every.put_composite_alarm(**asked)

    found = described(every, "all")

    assert {name: found[name] for name in asked} == asked
    assert found["AlarmArn"] == ARN + "all"


def test_an_alarm_that_is_not_there_has_the_code_that_clients_know(every: Any) -> None:
    for call in (
        lambda: every.set_alarm_state(AlarmName="gone", StateValue="OK", StateReason="r"),
        lambda: every.delete_alarms(AlarmNames=["gone"]),
        lambda: every.get_dashboard(DashboardName="gone"),
    ):
        with pytest.raises(ClientError) as raised:
            call()
        assert raised.value.response["Error"]["Code"] == "ResourceNotFound"


def test_tags_are_kept_apart_from_the_alarm(every: Any) -> None:
    every.put_metric_alarm(**members(Tags=[{"Key": "team", "Value": "a"}]))
    every.tag_resource(ResourceARN=ARN + "high", Tags=[{"Key": "more", "Value": "b"}])
    every.untag_resource(ResourceARN=ARN + "high", TagKeys=["team"])

    tags = every.list_tags_for_resource(ResourceARN=ARN + "high")["Tags"]

    assert tags == [{"Key": "more", "Value": "b"}]


def test_dashboards_are_kept_and_given_back(every: Any) -> None:
    body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "ä"}}]})
    assert (
        every.put_dashboard(DashboardName="main", DashboardBody=body)["DashboardValidationMessages"]
        == []
    )
    every.put_dashboard(DashboardName="other", DashboardBody=body)

    assert every.get_dashboard(DashboardName="main")["DashboardBody"] == body
    (entry,) = every.list_dashboards(DashboardNamePrefix="ma")["DashboardEntries"]
    assert (entry["DashboardName"], entry["Size"]) == ("main", len(body.encode()))
    assert entry["DashboardArn"] == "arn:aws:cloudwatch::000000000000:dashboard/main"

    every.delete_dashboards(DashboardNames=["main", "other"])
    assert every.list_dashboards()["DashboardEntries"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "must be an object"),
        ("{}", "widgets"),
        ('{"widgets": [1]}', "a type"),
    ],
)
def test_a_body_that_is_no_dashboard_is_refused(
    cloudwatch: Any, refused: Callable[..., str], body: str, words: str
) -> None:
    message = refused(
        cloudwatch.put_dashboard, "InvalidParameterInput", DashboardName="d", DashboardBody=body
    )

    assert words in message


def test_one_dashboard_that_is_not_there_stops_a_deletion(
    cloudwatch: Any, refused: Callable[..., str]
) -> None:
    cloudwatch.put_dashboard(DashboardName="main", DashboardBody='{"widgets": []}')

    refused(cloudwatch.delete_dashboards, "ResourceNotFound", DashboardNames=["main", "gone"])

    assert cloudwatch.list_dashboards()["DashboardEntries"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"MetricName": None}, "MetricName"),
        ({"Period": None}, "Period"),
        ({"EvaluationPeriods": None}, "EvaluationPeriods"),
        ({"Threshold": None}, "Threshold"),
        ({"ComparisonOperator": None}, "ComparisonOperator"),
        ({"Period": 15}, "10, 20, 30"),
        ({"Period": 1}, "10, 20, 30"),
        ({"EvaluationPeriods": 1441}, "more than a day"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "seven days"),
        ({"DatapointsToAlarm": 4}, "DatapointsToAlarm"),
        ({"TreatMissingData": "guess"}, "TreatMissingData"),
        ({"EvaluateLowSampleCountPercentile": "ignore"}, "percentile"),
        ({"Statistic": None, "ExtendedStatistic": "p101"}, "share"),
        ({"Statistic": None, "ExtendedStatistic": "Sum"}, "Statistic"),
        ({"AlarmActions": ["not an arn"]}, "Invalid arn syntax"),
        ({"AlarmActions": [f"{TOPIC}{n}" for n in range(6)]}, "less than or equal to 5"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "anomaly detection is not offered"),
        ({"ThresholdMetricId": "a"}, "anomaly detection is not offered"),
        ({**ON_MATH, "Period": 60}, "Metrics list and Period"),
        ({**ON_MATH, "Metrics": [math_query(), math_query(Id="n")]}, "Exactly one"),
        ({**ON_MATH, "Metrics": [{"Id": "e", "Expression": "m"}]}, "no query"),
        (
            {
                **ON_MATH,
                "Metrics": [
                    math_query(ReturnData=False),
                    {"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(m)"},
                ],
            },
            "anomaly detection is not offered",
        ),
        ({**ON_MATH, "Metrics": [{"Id": "e", "Expression": "SEARCH('a', 'Sum')"}]}, "searches"),
        ({"EvaluationInterval": 10}, "EvaluationInterval"),
        ({"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 5}}, "warm up"),
        ({"AlarmName": "x" * 256}, "less than or equal to 255"),
        ({"Tags": [{"Key": "aws:a", "Value": "b"}]}, "aws:"),
    ],
)
def test_alarms_that_cannot_be_evaluated_are_refused(
    cloudwatch: Any, refused: Callable[..., str], more: dict[str, Any], words: str
) -> None:
    message = refused(cloudwatch.put_metric_alarm, "ValidationError", **members(**more))

    assert words in message


def test_a_statistic_is_either_plain_or_extended(
    cloudwatch: Any, refused: Callable[..., str]
) -> None:
    code = "InvalidParameterCombination"

    refused(cloudwatch.put_metric_alarm, code, **members(ExtendedStatistic="p90"))
    refused(cloudwatch.put_metric_alarm, code, **members(Statistic=None))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"AlarmRule": "ALARM(high"}, "too early"),
        ({"AlarmRule": "ALARM(gone)"}, "must name alarms that exist"),
        ({"AlarmRule": "ALARM(all)"}, "lead back"),
        ({"AlarmRule": "ALARM(high)", "ActionsSuppressor": "high"}, "WaitPeriod"),
        ({"AlarmRule": "ALARM(high)", "ActionsSuppressorWaitPeriod": 5}, "ActionsSuppressor"),
    ],
)
def test_composite_alarms_that_make_no_sense_are_refused(
    cloudwatch: Any, refused: Callable[..., str], more: dict[str, Any], words: str
) -> None:
    cloudwatch.put_metric_alarm(**members())

    message = refused(cloudwatch.put_composite_alarm, "ValidationError", AlarmName="all", **more)

    assert words in message


def test_composite_alarms_cannot_look_at_each_other(
    cloudwatch: Any, refused: Callable[..., str]
) -> None:
    cloudwatch.put_metric_alarm(**members())
    cloudwatch.put_composite_alarm(AlarmName="a", AlarmRule="ALARM(high)")
    cloudwatch.put_composite_alarm(AlarmName="b", AlarmRule="OK(a)")

    asked = {"AlarmName": "a", "AlarmRule": "ALARM(high) OR ALARM(b)"}
    assert "lead back" in refused(cloudwatch.put_composite_alarm, "ValidationError", **asked)


def test_a_composite_alarm_that_another_one_looks_at_cannot_be_deleted(
    cloudwatch: Any, refused: Callable[..., str]
) -> None:
    cloudwatch.put_metric_alarm(**members())
    cloudwatch.put_composite_alarm(AlarmName="a", AlarmRule="ALARM(high)")
    cloudwatch.put_composite_alarm(AlarmName="b", AlarmRule="OK(a)")

    assert "b" in refused(cloudwatch.delete_alarms, "ResourceConflict", AlarmNames=["a"])
    refused(cloudwatch.delete_alarms, "ValidationError", AlarmNames=["a", "b"])
    cloudwatch.delete_alarms(AlarmNames=["b"])
    cloudwatch.delete_alarms(AlarmNames=["a", "high"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_a_name_belongs_to_one_type_of_alarm(cloudwatch: Any, refused: Callable[..., str]) -> None:
    cloudwatch.put_metric_alarm(**members())

    asked = {"AlarmName": "high", "AlarmRule": "TRUE"}
    assert "another type" in refused(cloudwatch.put_composite_alarm, "ValidationError", **asked)


def test_alarms_are_found_by_what_is_asked(cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**members("a-1", AlarmActions=[TOPIC]))
    cloudwatch.put_metric_alarm(**members("a-2"))
    cloudwatch.put_metric_alarm(**members("b-1"))
    cloudwatch.put_composite_alarm(AlarmName="a-all", AlarmRule='ALARM("a-1") OR ALARM("a-2")')
    cloudwatch.set_alarm_state(AlarmName="b-1", StateValue="OK", StateReason="r")

    def names(**asked: Any) -> list[str]:
        answer = cloudwatch.describe_alarms(**asked)
        return [one["AlarmName"] for one in answer["MetricAlarms"] + answer["CompositeAlarms"]]

    both = ["MetricAlarm", "CompositeAlarm"]
    assert names() == ["a-1", "a-2", "b-1"]
    assert names(AlarmNamePrefix="a-") == ["a-1", "a-2"]
    assert names(AlarmNamePrefix="a-", AlarmTypes=both) == ["a-1", "a-2", "a-all"]
    assert names(StateValue="OK") == ["b-1"]
    assert names(ActionPrefix="arn:aws:sns") == ["a-1"]
    assert names(ChildrenOfAlarmName="a-all") == ["a-1", "a-2"]
    assert names(ParentsOfAlarmName="a-2") == ["a-all"]
    assert names(AlarmNames=["gone"]) == []


def test_alarms_come_in_pages(cloudwatch: Any) -> None:
    for number in range(5):
        cloudwatch.put_metric_alarm(**members(f"a{number}"))

    pages = cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2})

    assert [[one["AlarmName"] for one in page["MetricAlarms"]] for page in pages] == [
        ["a0", "a1"],
        ["a2", "a3"],
        ["a4"],
    ]


def test_alarms_are_found_by_their_metric(cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**members("plain"))
    cloudwatch.put_metric_alarm(**members("a", Dimensions=[{"Name": "Shop", "Value": "a"}]))

    def names(**asked: Any) -> list[str]:
        answer = cloudwatch.describe_alarms_for_metric(Namespace="Shop", MetricName="M", **asked)
        return [one["AlarmName"] for one in answer["MetricAlarms"]]

    assert names() == ["plain"]
    assert names(Dimensions=[{"Name": "Shop", "Value": "a"}]) == ["a"]
    assert names(Statistic="Sum") == []


def test_actions_are_switched_off_and_on(cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**members())

    cloudwatch.disable_alarm_actions(AlarmNames=["high", "gone"])
    assert described(cloudwatch, "high")["ActionsEnabled"] is False
    cloudwatch.enable_alarm_actions(AlarmNames=["high"])
    assert described(cloudwatch, "high")["ActionsEnabled"] is True


def test_an_alarm_that_is_put_again_is_replaced_wholly_and_keeps_its_state(
    cloudwatch: Any,
) -> None:
    cloudwatch.put_metric_alarm(**members(AlarmDescription="one", AlarmActions=[TOPIC]))
    cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="r")
    cloudwatch.put_metric_alarm(**members(Threshold=5.0))

    found = described(cloudwatch, "high")

    assert "AlarmDescription" not in found
    assert (found["AlarmActions"], found["Threshold"]) == ([], 5.0)
    assert found["StateValue"] == "ALARM"


def test_the_history_tells_what_was_done_to_an_alarm(cloudwatch: Any, clock: ManualClock) -> None:
    cloudwatch.put_metric_alarm(**members())
    clock.advance(60)
    cloudwatch.put_metric_alarm(**members(Threshold=5.0))
    clock.advance(60)
    cloudwatch.delete_alarms(AlarmNames=["high"])

    def summaries(**asked: Any) -> list[str]:
        answer = cloudwatch.describe_alarm_history(AlarmName="high", **asked)
        return [one["HistorySummary"] for one in answer["AlarmHistoryItems"]]

    told = ['Alarm "high" deleted', 'Alarm "high" updated', 'Alarm "high" created']
    assert summaries() == told
    assert summaries(ScanBy="TimestampAscending") == told[::-1]
    assert summaries(StartDate=NOW.timestamp() + 60) == told[:2]
    assert summaries(HistoryItemType="StateUpdate") == []
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
        AlarmName="high", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["AlarmHistoryItems"]) for page in pages] == [2, 1]
