"""CloudWatch's metrics, asked by real boto3 in each of the three protocols that it can speak."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from argosy.ground.clock import ManualClock
from tests.support.api_client import ApiServer
from tests.support.protocols import CBOR, JSON, QUERY, client_of

NOW = datetime.fromtimestamp(1_700_000_000, UTC)
"""22:13:20."""
MINUTE = NOW.replace(second=0)


@pytest.fixture(scope="session", params=[JSON, QUERY, CBOR])
def one_cloudwatch(one_server: ApiServer, request: pytest.FixtureRequest) -> Any:
    return client_of(one_server.client, "cloudwatch", request.param)


@pytest.fixture
def cloudwatch(server: ApiServer, one_cloudwatch: Any) -> Any:
    server.metrics.delete_all()
    return one_cloudwatch


@pytest.fixture(scope="session")
def one_json(one_server: ApiServer) -> Any:
    return one_server.client("cloudwatch")


@pytest.fixture
def plain(server: ApiServer, one_json: Any) -> Any:
    """For what has nothing to do with protocols."""
    server.metrics.delete_all()
    return one_json


def put(client: Any, name: str = "M", **datum: Any) -> None:
    client.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": name, **datum}])


def statistics(client: Any, *names: str, name: str = "M", **asked: Any) -> list[dict[str, Any]]:
    which = (
        "Statistics" if names[0][0].isupper() and names[0] != "TM(:90%)" else "ExtendedStatistics"
    )
    answer = client.get_metric_statistics(
        **{
            "Namespace": "Shop",
            "MetricName": name,
            "StartTime": MINUTE - timedelta(minutes=10),
            "EndTime": NOW + timedelta(minutes=1),
            "Period": 60,
            which: list(names),
            **asked,
        }
    )
    assert answer["Label"] == name
    found: list[dict[str, Any]] = answer["Datapoints"]
    return found


def query(name: str, **asked: Any) -> dict[str, Any]:
    """A query for a metric of Shop."""
    stat = {"Metric": {"Namespace": "Shop", "MetricName": name}, "Period": 60, "Stat": "Sum"}
    return {"Id": name.lower(), "MetricStat": {**stat, **asked}}


def data(client: Any, *queries: dict[str, Any], **asked: Any) -> dict[str, Any]:
    times = {"StartTime": MINUTE - timedelta(minutes=10), "EndTime": NOW}
    answer: dict[str, Any] = client.get_metric_data(
        **{"MetricDataQueries": list(queries), **times, **asked}
    )
    return answer


def test_what_is_put_is_read_again_with_all_statistics(cloudwatch: Any) -> None:
    put(cloudwatch, Value=3.5, Unit="Seconds", Timestamp=MINUTE)
    put(cloudwatch, Value=1.5, Unit="Seconds", Timestamp=MINUTE + timedelta(seconds=10))

    (point,) = statistics(cloudwatch, "SampleCount", "Sum", "Average", "Minimum", "Maximum")

    assert point == {
        "Timestamp": MINUTE,
        "Unit": "Seconds",
        "SampleCount": 2.0,
        "Sum": 5.0,
        "Average": 2.5,
        "Minimum": 1.5,
        "Maximum": 3.5,
    }


def test_many_values_and_counts_have_percentiles(cloudwatch: Any) -> None:
    values = [float(n) for n in range(1, 101)]
    put(cloudwatch, Values=values, Counts=[1.0] * 100)

    (point,) = statistics(cloudwatch, "p50", "p99", "tm90")

    found = point["ExtendedStatistics"]
    assert found["p50"] == pytest.approx(50, rel=0.05)
    assert found["p99"] == pytest.approx(99, rel=0.05)
    assert found["tm90"] == pytest.approx(45.5, rel=0.05)


def test_a_statistic_set_has_sums_and_no_percentiles(cloudwatch: Any) -> None:
    given = {"SampleCount": 4.0, "Sum": 10.0, "Minimum": 1.0, "Maximum": 4.0}
    put(cloudwatch, StatisticValues=given)

    assert statistics(cloudwatch, "Average")[0]["Average"] == 2.5
    assert "ExtendedStatistics" not in statistics(cloudwatch, "p90")[0]


def test_metrics_are_listed_by_their_dimensions(cloudwatch: Any) -> None:
    for shop in ("a", "b"):
        put(cloudwatch, Value=1.0, Dimensions=[{"Name": "Shop", "Value": shop}])
    put(cloudwatch, Value=1.0)

    every = cloudwatch.list_metrics(Namespace="Shop")["Metrics"]
    any_shop = cloudwatch.list_metrics(Dimensions=[{"Name": "Shop"}])["Metrics"]
    shop_b = cloudwatch.list_metrics(Dimensions=[{"Name": "Shop", "Value": "b"}])["Metrics"]

    assert [one["Dimensions"] for one in every] == [
        [],
        [{"Name": "Shop", "Value": "a"}],
        [{"Name": "Shop", "Value": "b"}],
    ]
    assert len(any_shop) == 2
    assert shop_b == [
        {"Namespace": "Shop", "MetricName": "M", "Dimensions": [{"Name": "Shop", "Value": "b"}]}
    ]
    assert cloudwatch.list_metrics(MetricName="Gone")["Metrics"] == []


def test_metric_math_is_worked_out_over_what_was_put(cloudwatch: Any) -> None:
    put(cloudwatch, "Errors", Value=2.0, Timestamp=MINUTE - timedelta(minutes=2))
    put(cloudwatch, "Calls", Value=8.0, Timestamp=MINUTE - timedelta(minutes=2))
    put(cloudwatch, "Calls", Value=5.0, Timestamp=MINUTE - timedelta(minutes=1))

    answer = data(
        cloudwatch,
        {**query("Errors"), "ReturnData": False},
        query("Calls"),
        {"Id": "rate", "Expression": "100 * errors / calls", "Label": "Error rate"},
        ScanBy="TimestampAscending",
    )

    calls, rate = answer["MetricDataResults"]
    assert (calls["Id"], calls["Label"], calls["Values"]) == ("calls", "Calls", [8.0, 5.0])
    assert (rate["Id"], rate["Label"], rate["StatusCode"]) == ("rate", "Error rate", "Complete")
    assert rate["Values"] == [25.0, 0.0]
    assert rate["Timestamps"] == [MINUTE - timedelta(minutes=2), MINUTE - timedelta(minutes=1)]


def test_an_error_has_the_code_that_clients_know(cloudwatch: Any) -> None:
    with pytest.raises(ClientError) as raised:
        put(cloudwatch, Value=math.nan)

    error = raised.value.response["Error"]
    assert error["Code"] == "InvalidParameterValue"
    assert "MetricData.member.1.Value" in error["Message"]


def test_a_constraint_of_the_model_is_a_validation_error(cloudwatch: Any) -> None:
    with pytest.raises(ClientError) as raised:
        put(cloudwatch, Value=1.0, Unit="Parsecs")

    assert raised.value.response["Error"]["Code"] == "ValidationError"


def test_a_large_request_may_be_compressed(cloudwatch: Any) -> None:
    name = "long" * 50
    cloudwatch.put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": name, "Value": 1.0}] * 200
    )

    assert statistics(cloudwatch, "SampleCount", name=name)[0]["SampleCount"] == 200


@pytest.mark.parametrize(
    ("datum", "code", "words"),
    [
        ({}, "MissingParameter", "must have one of"),
        ({"Value": 1.0, "Values": [1.0]}, "InvalidParameterCombination", "mutually exclusive"),
        ({"Value": 1.0, "Counts": [1.0]}, "InvalidParameterCombination", "goes with Values"),
        ({"Value": math.inf}, "InvalidParameterValue", "invalid"),
        ({"Value": 1e300}, "InvalidParameterValue", "invalid"),
        ({"Values": []}, "InvalidParameterValue", "1 to 150"),
        ({"Values": [1.0] * 151}, "InvalidParameterValue", "1 to 150"),
        ({"Values": [1.0, math.nan]}, "InvalidParameterValue", "invalid"),
        ({"Values": [1.0], "Counts": [1.0, 2.0]}, "InvalidParameterValue", "same size"),
        ({"Values": [1.0], "Counts": [0.0]}, "InvalidParameterValue", "greater than 0"),
        ({"Value": 1.0, "StorageResolution": 5}, "InvalidParameterValue", "1 or 60"),
        (
            {"Value": 1.0, "Timestamp": NOW - timedelta(days=15)},
            "InvalidParameterValue",
            "two weeks",
        ),
        (
            {"Value": 1.0, "Timestamp": NOW + timedelta(hours=3)},
            "InvalidParameterValue",
            "two hours",
        ),
        (
            {"Value": 1.0, "Dimensions": [{"Name": "a", "Value": "b"}] * 2},
            "InvalidParameterValue",
            "twice",
        ),
        (
            {"Value": 1.0, "Dimensions": [{"Name": f"d{n}", "Value": "b"} for n in range(31)]},
            "ValidationError",
            "less than or equal to 30",
        ),
        (
            {"StatisticValues": {"SampleCount": 0.0, "Sum": 1.0, "Minimum": 1.0, "Maximum": 1.0}},
            "InvalidParameterValue",
            "SampleCount",
        ),
        (
            {"StatisticValues": {"SampleCount": 2.0, "Sum": 1.0, "Minimum": 2.0, "Maximum": 1.0}},
            "InvalidParameterValue",
            "Maximum",
        ),
    ],
)
def test_bad_data_is_refused_and_nothing_of_its_call_is_kept(
    plain: Any, datum: dict[str, Any], code: str, words: str
) -> None:
    good = {"MetricName": "Good", "Value": 1.0}
    with pytest.raises(ClientError) as raised:
        plain.put_metric_data(Namespace="Shop", MetricData=[good, {"MetricName": "M", **datum}])

    assert raised.value.response["Error"]["Code"] == code
    assert words in raised.value.response["Error"]["Message"]
    assert plain.list_metrics()["Metrics"] == []


def test_bad_calls_are_refused(plain: Any, refused: Callable[..., str]) -> None:
    many = [{"MetricName": "M", "Value": 1.0}] * 1001
    wrong = "InvalidParameterValue"

    assert "1000" in refused(plain.put_metric_data, wrong, Namespace="N", MetricData=many)
    assert "AWS/" in refused(plain.put_metric_data, wrong, Namespace="AWS/EC2", MetricData=many[:1])
    refused(plain.put_metric_data, "MissingParameter", Namespace="N", MetricData=[])
    refused(plain.put_metric_data, "MissingParameter", Namespace="N")
    refused(plain.put_metric_data, "ValidationError", Namespace=":N", MetricData=many[:1])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"Period": 61}, "InvalidParameterValue"),
        ({"EndTime": MINUTE - timedelta(days=1)}, "InvalidParameterValue"),
        ({"StartTime": NOW - timedelta(days=2)}, "InvalidParameterCombination"),
        ({"ExtendedStatistics": ["p90"]}, "InvalidParameterCombination"),
        ({"Statistics": ["Median"]}, "ValidationError"),
    ],
)
def test_statistics_that_cannot_be_given_are_refused(
    plain: Any, asked: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as raised:
        statistics(plain, "Sum", **asked)

    assert raised.value.response["Error"]["Code"] == code


def test_statistics_without_a_name_are_refused(plain: Any, refused: Callable[..., str]) -> None:
    asked = {"Namespace": "N", "MetricName": "M", "StartTime": MINUTE, "EndTime": NOW, "Period": 60}

    refused(plain.get_metric_statistics, "MissingParameter", **asked)
    refused(
        plain.get_metric_statistics, "InvalidParameterValue", **asked, ExtendedStatistics=["p900"]
    )


def test_periods_begin_at_the_start_that_was_asked_for(plain: Any) -> None:
    for minutes in range(10):
        put(plain, Value=1.0, Timestamp=MINUTE - timedelta(minutes=minutes))
    start = MINUTE - timedelta(minutes=9)

    found = statistics(plain, "Sum", Period=300, StartTime=start)

    assert [(one["Timestamp"], one["Sum"]) for one in found] == [
        (start, 5.0),
        (start + timedelta(minutes=5), 5.0),
    ]


def test_values_of_a_second_are_kept_where_that_is_asked(plain: Any) -> None:
    put(plain, Value=1.0, Timestamp=NOW - timedelta(seconds=20), StorageResolution=1)
    put(plain, Value=2.0, Timestamp=NOW - timedelta(seconds=10), StorageResolution=1)

    found = statistics(plain, "Sum", Period=10, StartTime=NOW - timedelta(seconds=30))

    assert [one["Sum"] for one in found] == [1.0, 2.0]
    assert statistics(plain, "Sum")[0]["Sum"] == 3.0


def test_each_unit_has_its_own_points(plain: Any) -> None:
    put(plain, Value=1.0, Unit="Count", Timestamp=MINUTE)
    put(plain, Value=2.0, Unit="Bytes", Timestamp=MINUTE)

    both = {one["Unit"]: one["Sum"] for one in statistics(plain, "Sum")}

    assert both == {"Count": 1.0, "Bytes": 2.0}
    assert [one["Sum"] for one in statistics(plain, "Sum", Unit="Bytes")] == [2.0]


def test_an_unknown_metric_has_no_points(plain: Any) -> None:
    assert statistics(plain, "Sum", name="Gone") == []
    (result,) = data(plain, query("Gone"))["MetricDataResults"]
    assert (result["Values"], result["StatusCode"]) == ([], "Complete")


def test_metrics_without_values_for_two_weeks_are_listed_no_more(
    plain: Any, clock: ManualClock
) -> None:
    put(plain, Value=1.0)
    assert plain.list_metrics(RecentlyActive="PT3H")["Metrics"]

    clock.advance(4 * 3600)
    assert plain.list_metrics(RecentlyActive="PT3H")["Metrics"] == []
    assert plain.list_metrics()["Metrics"]

    clock.advance(14 * 86400)
    assert plain.list_metrics()["Metrics"] == []


def test_points_come_in_pages_and_newest_first(plain: Any) -> None:
    for minutes in range(5):
        put(plain, "A", Value=float(minutes), Timestamp=MINUTE - timedelta(minutes=minutes))
        put(plain, "B", Value=10.0 + minutes, Timestamp=MINUTE - timedelta(minutes=minutes))
    pages = plain.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[query("A"), query("B")],
        StartTime=MINUTE - timedelta(minutes=10),
        EndTime=NOW,
        MaxDatapoints=3,
    )

    seen = [
        (one["Id"], one["StatusCode"], one["Values"])
        for page in pages
        for one in page["MetricDataResults"]
    ]

    assert seen == [
        ("a", "PartialData", [0.0, 1.0, 2.0]),
        ("a", "Complete", [3.0, 4.0]),
        ("b", "PartialData", [10.0]),
        ("b", "PartialData", [11.0, 12.0, 13.0]),
        ("b", "Complete", [14.0]),
    ]


def test_an_array_of_series_has_a_label_for_each(plain: Any) -> None:
    put(plain, "A", Value=1.0, Timestamp=MINUTE)
    put(plain, "B", Value=2.0, Timestamp=MINUTE)

    answer = data(
        plain,
        {**query("A"), "ReturnData": False},
        {**query("B"), "ReturnData": False},
        {"Id": "e", "Expression": "METRICS() * 10", "Label": "Ten"},
        EndTime=NOW,
    )

    assert [(one["Id"], one["Label"], one["Values"]) for one in answer["MetricDataResults"]] == [
        ("e", "Ten A", [10.0]),
        ("e", "Ten B", [20.0]),
    ]


def test_a_label_may_hold_what_is_only_known_in_the_answer(plain: Any) -> None:
    dimensions = [{"Name": "City", "Value": "Basel"}]
    for value in (1.0, 2.5):
        put(plain, "A", Value=value, Dimensions=dimensions, Timestamp=MINUTE)
    asked = query("A")
    asked["MetricStat"]["Metric"]["Dimensions"] = dimensions
    label = "${LABEL} in ${PROP('Dim.City')}: ${MAX} of ${DATAPOINT_COUNT} ${MAX_TIME}"

    (result,) = data(plain, {**asked, "Label": label}, EndTime=NOW)["MetricDataResults"]

    assert result["Label"] == "A in Basel: 3.5 of 1 ${MAX_TIME}"


@pytest.mark.parametrize(
    ("queries", "words"),
    [
        ([], "from 1 to 500"),
        ([{"Id": "Upper", "Expression": "1"}], "expected pattern"),
        ([{"Id": "a"}], "exactly one of"),
        ([{**query("A"), "Expression": "1"}], "exactly one of"),
        ([query("A"), query("A")], "must differ"),
        ([query("A", Period=7)], "Period"),
        ([query("A", Stat="p101")], "share"),
        ([{**query("A"), "ReturnData": False}], "ReturnData"),
        ([{"Id": "e", "Expression": "m9"}], "m9"),
        ([{"Id": "e", "Expression": "f"}, {"Id": "f", "Expression": "e"}], "its own result"),
        ([{"Id": "e", "Expression": "SUM("}], "too early"),
        ([{"Id": "e", "Expression": "1 + 1"}], "single number"),
        ([{"Id": "e", "Expression": "SEARCH('{N}', 'Sum')"}], "searches are not offered"),
        ([query("A"), {"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(a)"}], "anomaly detection"),
        ([{"Id": "e", "Expression": "SELECT AVG(x) FROM y"}], "Metrics Insights"),
    ],
)
def test_queries_that_cannot_be_answered_are_refused_with_a_sentence(
    plain: Any, queries: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(ClientError) as raised:
        data(plain, *queries)

    assert raised.value.response["Error"]["Code"] == "ValidationError"
    assert words in raised.value.response["Error"]["Message"]


def test_a_damaged_token_is_refused(plain: Any, refused: Callable[..., str]) -> None:
    refused(plain.list_metrics, "InvalidNextToken", NextToken="nonsense")


def test_what_is_not_offered_says_so(plain: Any, refused: Callable[..., str]) -> None:
    message = refused(plain.describe_insight_rules, "UnknownOperationException")

    assert "DescribeInsightRules" in message
