"""Metric filters of CloudWatch Logs through boto3: kept, described, tried on messages."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from argosy.ground.paths import DataDir
from argosy.telemetry.logs import delete_all
from tests.support.api_client import ApiServer

GROUP = "/app/filtered"
Refused = Callable[..., str]
Put = Callable[..., None]


@pytest.fixture
def logs(server: ApiServer) -> Iterator[Any]:
    client = server.client("logs")
    client.create_log_group(logGroupName=GROUP)
    yield client
    delete_all(DataDir.at(server.settings.data_dir).logs)


@pytest.fixture
def put(logs: Any) -> Put:
    def put(name: str, pattern: str = "ERROR", group: str = GROUP, **members: Any) -> None:
        given = {"metricName": "Errors", "metricNamespace": "App", "metricValue": "1", **members}
        logs.put_metric_filter(
            logGroupName=group,
            filterName=name,
            filterPattern=pattern,
            metricTransformations=[given],
        )

    return put


def names(logs: Any, **asked: Any) -> list[str]:
    return [one["filterName"] for one in logs.describe_metric_filters(**asked)["metricFilters"]]


def test_filters_are_kept_described_and_deleted(logs: Any, put: Put, refused: Refused) -> None:
    put("b", "{ $.took > 1 }", metricValue="$.took", dimensions={"Path": "$.path"}, unit="Seconds")
    put("a", metricName="Other", defaultValue=0.0)
    assert names(logs, logGroupName=GROUP) == ["a", "b"]
    assert names(logs, filterNamePrefix="b") == ["b"]
    assert names(logs, metricName="Other", metricNamespace="App") == ["a"]
    assert logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 2
    (found,) = logs.describe_metric_filters(filterNamePrefix="b")["metricFilters"]
    assert found["filterPattern"] == "{ $.took > 1 }"
    assert found["metricTransformations"] == [
        {
            "metricName": "Errors",
            "metricNamespace": "App",
            "metricValue": "$.took",
            "dimensions": {"Path": "$.path"},
            "unit": "Seconds",
        }
    ]
    put("b", "replaced")
    assert logs.describe_metric_filters(filterNamePrefix="b")["metricFilters"][0][
        "filterPattern"
    ] == ("replaced")
    logs.delete_metric_filter(logGroupName=GROUP, filterName="b")
    assert names(logs) == ["a"]
    refused(
        logs.delete_metric_filter,
        "ResourceNotFoundException",
        logGroupName=GROUP,
        filterName="b",
    )


def test_filters_page_over_groups(logs: Any, put: Put) -> None:
    logs.create_log_group(logGroupName="/z")
    for name in ("a", "b", "c"):
        put(name)
    put("a", group="/z")
    pages = list(
        logs.get_paginator("describe_metric_filters").paginate(PaginationConfig={"PageSize": 3})
    )
    assert [[one["filterName"] for one in page["metricFilters"]] for page in pages] == [
        ["a", "b", "c"],
        ["a"],
    ]


def test_what_cannot_be_carried_out_is_refused(put: Put, refused: Refused) -> None:
    def refuse(*given: str, **members: Any) -> str:
        return refused(lambda **_: put(*given, **members), "InvalidParameterException")

    assert "closing brace" in refuse("f", "{ $.a = 1")
    assert "reserved" in refuse("f", metricNamespace="AWS/SageMaker")
    assert "write a number" in refuse("f", metricValue="$.a")
    assert "no selector" in refuse("f", "{ $.a = 1 }", metricValue="one")
    assert "wildcard" in refuse("f", "{ $.a = 1 }", metricValue="$.a[*]")
    assert "no field" in refuse("f", "[a, b]", metricValue="$.a")
    assert "2^360" in refuse("f", metricValue="1e300")
    assert "2^360" in refuse("f", defaultValue=-1e300)
    assert "write a number" in refuse("f", metricValue="1e999")
    four = dict.fromkeys("abcd", "$.x")
    assert "at most 3" in refuse("f", "{ $.a = 1 }", dimensions=four)
    assert "default value" in refuse("f", "{ $.a = 1 }", dimensions={"a": "$.x"}, defaultValue=0.0)
    assert "write a number" in refuse("f", dimensions={"a": "$.x"})


def test_a_group_has_a_limited_number_of_filters(put: Put, refused: Refused) -> None:
    for number in range(5):
        put(f"regex-{number}", "%a+%")
    refused(lambda **_: put("one more", "%a+%"), "LimitExceededException")
    put("regex-0", "%b+%")
    for number in range(95):
        put(f"plain-{number}")
    refused(lambda **_: put("one more"), "LimitExceededException")


def test_a_filter_is_tried_on_messages(logs: Any, refused: Refused) -> None:
    lines = [
        '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534',
        '127.0.0.1 - frank [10/Oct/2000:13:25:16 -0700] "GET /style.css HTTP/1.0" 200 12',
    ]
    answer = logs.test_metric_filter(
        filterPattern="[ip, id, user, timestamp, request, status = 4*, size]",
        logEventMessages=lines,
    )
    (match,) = answer["matches"]
    assert (match["eventNumber"], match["eventMessage"]) == (1, lines[0])
    assert match["extractedValues"]["$status"] == "404"
    answer = logs.test_metric_filter(
        filterPattern="{ $.took > 1 }", logEventMessages=['{"took": 0.5}', '{"took": 2}', "x"]
    )
    assert [match["extractedValues"] for match in answer["matches"]] == [{"$.took": "2"}]
    assert logs.test_metric_filter(filterPattern="x", logEventMessages=["y"])["matches"] == []
    code = "InvalidParameterException"
    refused(logs.test_metric_filter, code, filterPattern="[a", logEventMessages=["x"])
