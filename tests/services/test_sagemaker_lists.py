"""ListModels, ListEndpointConfigs and ListEndpoints: each filter, order and page, by boto3."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.ground.clock import ManualClock

START = datetime.fromtimestamp(1_700_000_000, UTC)
NAMES = ("churn-b", "Fraud-a", "churn-c", "fraud-d")
MEMBERS = {"models": "Model", "endpoint_configs": "EndpointConfig", "endpoints": "Endpoint"}
Refused = Callable[..., str]


@pytest.fixture(autouse=True)
def resources(sagemaker: Any, clock: ManualClock) -> None:
    """Four of each kind, ten seconds apart."""
    for name in NAMES:
        sagemaker.create_model(ModelName=name, PrimaryContainer={"Image": "i"})
        variant = {"VariantName": "v", "ModelName": name, "InstanceType": "ml.m5.large"}
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        clock.advance(10)


@pytest.fixture(params=MEMBERS)
def names(request: pytest.FixtureRequest, sagemaker: Any) -> Callable[..., list[str]]:
    """List one kind with these filters; the names, in the order given."""
    member = MEMBERS[request.param]

    def names(**filters: Any) -> list[str]:
        answer = getattr(sagemaker, f"list_{request.param}")(**filters)
        return [one[f"{member}Name"] for one in answer[f"{member}s"]]

    return names


def test_the_newest_come_first_unless_asked(names: Callable[..., list[str]]) -> None:
    assert names() == list(reversed(NAMES))
    assert names(SortOrder="Ascending") == list(NAMES)
    assert names(SortBy="CreationTime", SortOrder="Ascending") == list(NAMES)


def test_names_sort_both_ways(names: Callable[..., list[str]]) -> None:
    assert names(SortBy="Name", SortOrder="Ascending") == sorted(NAMES)
    assert names(SortBy="Name") == sorted(NAMES, reverse=True)


def test_a_part_of_the_name_filters(names: Callable[..., list[str]]) -> None:
    assert names(NameContains="fraud") == ["fraud-d", "Fraud-a"]
    assert names(NameContains="none") == []


def test_times_of_creation_filter(names: Callable[..., list[str]]) -> None:
    second, third = START + timedelta(seconds=10), START + timedelta(seconds=20)
    assert names(CreationTimeAfter=third) == ["fraud-d", "churn-c"]
    assert names(CreationTimeBefore=second) == ["churn-b"]
    assert names(CreationTimeAfter=second, CreationTimeBefore=third) == ["Fraud-a"]


@pytest.mark.parametrize("kind", MEMBERS)
@pytest.mark.parametrize("order", [{}, {"SortBy": "Name", "SortOrder": "Ascending"}])
def test_boto3s_paginator_walks_everything_once(
    sagemaker: Any, kind: str, order: dict[str, str]
) -> None:
    member = MEMBERS[kind]
    walk = sagemaker.get_paginator(f"list_{kind}")
    pages = list(walk.paginate(PaginationConfig={"PageSize": 3}, **order))
    assert [len(page[f"{member}s"]) for page in pages] == [3, 1]
    found = [one[f"{member}Name"] for page in pages for one in page[f"{member}s"]]
    assert found == (sorted(NAMES) if order else list(reversed(NAMES)))


@pytest.mark.parametrize("kind", MEMBERS)
def test_a_token_of_another_order_or_of_nobody_is_refused(
    sagemaker: Any, refused: Refused, kind: str
) -> None:
    call = getattr(sagemaker, f"list_{kind}")
    token = call(MaxResults=1)["NextToken"]
    assert "NextToken" in refused(call, NextToken=token, SortBy="Name")
    assert "NextToken" in refused(call, NextToken=token, SortOrder="Ascending")
    assert "NextToken" in refused(call, NextToken="made up")


def test_summaries_have_their_members(sagemaker: Any) -> None:
    arn = "arn:aws:sagemaker:us-east-1:000000000000:"
    only = {"NameContains": "churn-b"}
    assert sagemaker.list_models(**only)["Models"] == [
        {"ModelName": "churn-b", "ModelArn": f"{arn}model/churn-b", "CreationTime": START}
    ]
    assert sagemaker.list_endpoint_configs(**only)["EndpointConfigs"] == [
        {
            "EndpointConfigName": "churn-b",
            "EndpointConfigArn": f"{arn}endpoint-config/churn-b",
            "CreationTime": START,
        }
    ]
    assert sagemaker.list_endpoints(**only)["Endpoints"] == [
        {
            "EndpointName": "churn-b",
            "EndpointArn": f"{arn}endpoint/churn-b",
            "CreationTime": START,
            "LastModifiedTime": START,
            "EndpointStatus": "Creating",
        }
    ]


def test_endpoints_filter_and_sort_by_status(sagemaker: Any, settle: Callable[..., None]) -> None:
    settle("Fraud-a")
    settle("churn-c", "Failed", "no")

    def found(**filters: Any) -> list[str]:
        return [one["EndpointName"] for one in sagemaker.list_endpoints(**filters)["Endpoints"]]

    assert found(StatusEquals="InService") == ["Fraud-a"]
    assert found(StatusEquals="Creating") == ["fraud-d", "churn-b"]
    ascending = found(SortBy="Status", SortOrder="Ascending")
    assert ascending == ["churn-b", "fraud-d", "churn-c", "Fraud-a"]


def test_endpoints_filter_by_time_of_change(
    sagemaker: Any, settle: Callable[..., None], clock: ManualClock
) -> None:
    changed = datetime.fromtimestamp(clock.now(), UTC)
    settle("churn-b")
    after = sagemaker.list_endpoints(LastModifiedTimeAfter=changed)["Endpoints"]
    before = sagemaker.list_endpoints(LastModifiedTimeBefore=changed)["Endpoints"]
    assert [one["EndpointName"] for one in after] == ["churn-b"]
    assert len(before) == 3


def test_a_page_of_endpoints_holds_ten_unless_told(sagemaker: Any) -> None:
    for number in range(8):
        sagemaker.create_endpoint(EndpointName=f"e{number}", EndpointConfigName="Fraud-a")
    assert len(sagemaker.list_endpoints()["Endpoints"]) == 10
    assert len(sagemaker.list_endpoints(MaxResults=100)["Endpoints"]) == 12
