"""kill -9 of control: what was deployed answers as before, and quotas are not given out again."""

import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from tests.support.endpoints import until

from argosy.testing import Platform

HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture(scope="module")
def own() -> Iterator[Platform]:
    with Platform() as platform:
        yield platform


def keyed_api(client: Any) -> tuple[str, str, str]:
    """Ids of an API whose GET / needs a key, of a plan of five requests a month, and the key."""
    made = client.create_rest_api(name="kept")
    place = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**place, authorizationType="NONE", apiKeyRequired=True)
    template = {"application/json": '{"statusCode": 200}'}
    client.put_integration(**place, type="MOCK", requestTemplates=template)
    client.put_method_response(**place, statusCode="200")
    client.put_integration_response(**place, statusCode="200")
    client.create_deployment(restApiId=made["id"], stageName="prod")
    plan = client.create_usage_plan(
        name="five",
        apiStages=[{"apiId": made["id"], "stage": "prod"}],
        quota={"limit": 5, "period": "MONTH"},
    )
    key = client.create_api_key(name="key", enabled=True)
    client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    return made["id"], plan["id"], key["value"]


def test_an_api_and_its_counts_outlive_control(own: Platform) -> None:
    client = own.client("apigateway")
    api, plan, key = keyed_api(client)
    url = f"{own.url}/_aws/execute-api/{api}/prod"

    def ask() -> int:
        return int(HTTP.request("GET", url, headers={"x-api-key": key}).status)

    assert [ask() for _ in range(3)] == [200, 200, 200]
    today = time.strftime("%Y-%m-%d", time.gmtime())
    days = {"startDate": today, "endDate": today}

    def counted() -> bool:
        items = client.get_usage(usagePlanId=plan, **days)["items"]
        return json.dumps(items).count("[[3, 2]]") == 1

    until(counted)
    control = own.pids()["control"]
    os.kill(control, signal.SIGKILL)
    until(lambda: own.pids()["control"] not in (0, control))
    until(lambda: HTTP.request("GET", url).status == 403)
    assert [ask() for _ in range(3)] == [200, 200, 429]
