"""What people watch an endpoint by: metric filters over its logs, and what Prometheus scrapes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import urllib3
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain
from tests.support.command import argosy
from tests.support.endpoints import ROWS, classifier, deploy, model_archive, predict, until

from argosy.testing import Platform

NAME = "watched"
GROUP = f"/aws/sagemaker/Endpoints/{NAME}"
SCRIPT = """
import json, joblib, os

def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))

def predict_fn(data, model):
    print(json.dumps({"rows": len(data), "kind": "prediction"}), flush=True)
    return model.predict(data)
"""


@pytest.fixture(scope="module")
def endpoint(platform: Platform) -> str:
    deploy(platform, NAME, model_archive(classifier(), inference=SCRIPT))
    return NAME


@pytest.fixture(scope="module")
def http() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False) as pool:
        yield pool


def test_a_metric_filter_measures_what_models_print(platform: Platform, endpoint: str) -> None:
    logs, runtime = platform.client("logs"), platform.client("sagemaker-runtime")
    predict(runtime, endpoint, ROWS[:1])
    until(lambda: said(logs))
    logs.put_metric_filter(
        logGroupName=GROUP,
        filterName="rows",
        filterPattern='{ $.kind = "pred*" && $.rows > 1 }',
        metricTransformations=[
            {"metricName": "Rows", "metricNamespace": "Watched", "metricValue": "$.rows"}
        ],
    )
    for count in (1, 2, 5):
        predict(runtime, endpoint, ROWS[:count])

    def measured() -> tuple[float, float]:
        now = datetime.now(UTC)
        found = platform.client("cloudwatch").get_metric_statistics(
            Namespace="Watched",
            MetricName="Rows",
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=3600,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        counted = sum(point["SampleCount"] for point in found)
        return counted, sum(point["Sum"] for point in found)

    until(lambda: measured()[0] >= 2)
    assert measured() == (2, 7)


def said(logs: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = logs.filter_log_events(
        logGroupName=GROUP, filterPattern="{ $.rows = * }"
    )["events"]
    return found


def test_prometheus_reads_the_platform_with_its_token(
    platform: Platform, endpoint: str, http: urllib3.PoolManager
) -> None:
    token = (platform.data_dir / "metrics-token").read_text().strip()
    runtime = platform.client("sagemaker-runtime")
    for _ in range(3):
        predict(runtime, endpoint, ROWS[:1])

    def scraped(accept: str = "", **headers: str) -> Any:
        headers = {"Authorization": f"Bearer {token}", **headers}
        return http.request("GET", f"{platform.url}/metrics", headers={"Accept": accept, **headers})

    def invocations() -> float:
        found = {
            sample.labels["endpoint"]: sample.value
            for family in plain(scraped().data.decode())
            for sample in family.samples
            if sample.name == "argosy_invocations_total"
        }
        return found.get(endpoint, 0)

    until(lambda: invocations() >= 3)
    answer = scraped("application/openmetrics-text; version=1.0.0,text/plain;q=0.5")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    names = {family.name for family in openmetrics(answer.data.decode())}
    assert {
        "argosy_model_latency_seconds",
        "argosy_instances",
        "argosy_instance_cpu_seconds",
        "argosy_process_resident_memory_bytes",
    } <= names
    assert scraped("; version=nonsense,,").status == 200
    for wrong in ("", "Bearer ", "Bearer wrong", f"Basic {token}"):
        refused = scraped(Authorization=wrong)
        assert refused.status == 401
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        assert b"argosy_invocations" not in refused.data
    told = [log.read_bytes() for log in (platform.data_dir / "process-logs").iterdir()]
    assert not any(token.encode() in text for text in told)


def test_the_command_shows_metrics_and_how_to_scrape_them(
    platform: Platform, endpoint: str
) -> None:
    environment = platform.environment()
    shown = argosy(environment, "metrics")
    token = argosy(environment, "metrics", "--token")
    config = argosy(environment, "metrics", "--config")
    assert f'argosy_endpoint_in_service{{account="000000000000",endpoint="{endpoint}"' in shown.out
    assert (platform.data_dir / "metrics-token").read_text() == token.out
    assert platform.url.partition("://")[2] in config.out
    assert token.out.strip() not in config.out


def test_the_command_shows_lines_that_match(platform: Platform, endpoint: str) -> None:
    predict(platform.client("sagemaker-runtime"), endpoint, ROWS[:7])
    asked = ("logs", endpoint, "--filter", "{ $.rows = 7 }", "--json")
    shown = until(lambda: argosy(platform.environment(), *asked).out)
    assert {json.loads(json.loads(line)["message"])["rows"] for line in shown.splitlines()} == {7}
    wrong = argosy(platform.environment(), "logs", endpoint, "--filter", "{ $.rows")
    assert wrong.code == 1
    assert "closing brace" in wrong.err


def test_lines_of_json_stay_whole(platform: Platform, endpoint: str) -> None:
    logs = platform.client("logs")
    assert {"rows", "kind"} == set(json.loads(until(lambda: said(logs))[0]["message"]))
