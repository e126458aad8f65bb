"""Traces of invocations, from a real edge, sent to a collector in this process."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from argosy.telemetry.traceparent import new_place, place_of
from tests.support.collector import Collector
from tests.support.stage import ENDPOINT, Stage, stage, variant


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture(scope="module")
def scene(collector: Collector) -> Iterator[Stage]:
    """An edge that traces only what its clients ask for."""
    with stage(otlp_endpoint=collector.url, otlp_sampling=0.0) as built:
        built.start_feed()
        blue = variant("blue", built.worker("b1"))
        built.on_disk(built.table(blue))
        built.start_edge()
        yield built


def invoke(scene: Stage, asked: Any, headers: dict[str, str] | None = None) -> Any:
    client = scene.client()

    def add(request: Any, **_: Any) -> None:
        for name, value in (headers or {}).items():
            request.headers[name] = value

    client.meta.events.register("before-sign.*.*", add)
    return client.invoke_endpoint(EndpointName=ENDPOINT, Body=json.dumps(asked).encode())


def told_head(answer: Any) -> dict[str, str]:
    head: dict[str, str] = json.loads(answer["Body"].read())["head"]
    return head


def test_a_sampled_invocation_is_told_as_a_span_with_its_way_and_its_model(
    scene: Stage, collector: Collector
) -> None:
    caller = new_place()
    given = {"traceparent": caller.header, "tracestate": "a=1", "X-Amzn-Trace-Id": "Root=1-2"}
    for _ in range(3):  # the second time it is proven in the quick way
        before = time.time_ns()
        head = told_head(invoke(scene, {"tell": True}, given))
        spans = collector.trace(f"{caller.trace_id:032x}", 3)
        root, route, model = (spans[name] for name in ("InvokeEndpoint", "route", "model"))
        assert root.service == "argosy-edge"
        assert root.parent_id == f"{caller.span_id:016x}"
        assert route.parent_id == model.parent_id == root.span_id
        assert before <= root.start <= route.end <= model.start + 1 <= model.end <= root.end
        assert root.attributes["argosy.endpoint"] == ENDPOINT
        assert root.attributes["argosy.variant"] == "blue"
        assert root.attributes["argosy.config"] == "c"
        assert root.attributes["http.response.status_code"] == 200
        assert model.attributes["argosy.instance"] == "b1"
        assert not root.failed
        place = place_of(head["traceparent"])
        assert place is not None
        assert (f"{place.trace_id:032x}", f"{place.span_id:016x}") == (
            model.trace_id,
            model.span_id,
        )
        assert (head["tracestate"], head["trace-id"]) == ("a=1", "Root=1-2")
        caller = new_place()
        given["traceparent"] = caller.header


def test_a_stream_is_told_from_its_beginning_to_its_end(scene: Stage, collector: Collector) -> None:
    caller = new_place()
    client = scene.client()
    client.meta.events.register(
        "before-sign.*.*",
        lambda request, **_: request.headers.add_header("traceparent", caller.header),
    )
    body = json.dumps({"stream": ["a", "b", "c"], "every": 0.05}).encode()
    answer = client.invoke_endpoint_with_response_stream(EndpointName=ENDPOINT, Body=body)
    parts = [event["PayloadPart"]["Bytes"] for event in answer["Body"]]
    spans = collector.trace(f"{caller.trace_id:032x}", 3)
    root, model = spans["InvokeEndpointWithResponseStream"], spans["model"]
    assert parts == [b"a", b"b", b"c"]
    assert root.attributes["http.response.status_code"] == 200
    assert model.end - model.start > 80_000_000


def test_errors_of_the_model_are_told_as_such(scene: Stage, collector: Collector) -> None:
    caller = new_place()
    with pytest.raises(ClientError):
        invoke(scene, {"status": 500, "text": "no"}, {"traceparent": caller.header})
    root = collector.trace(f"{caller.trace_id:032x}", 3)["InvokeEndpoint"]
    assert root.failed
    assert root.attributes["http.response.status_code"] == 424


def test_a_caller_that_is_not_sampled_is_passed_on_and_not_told(
    scene: Stage, collector: Collector
) -> None:
    unsampled, sampled = new_place()._replace(sampled=False), new_place()
    head = told_head(invoke(scene, {"tell": True}, {"traceparent": unsampled.header}))
    assert head["traceparent"] == unsampled.header
    assert "traceparent" not in told_head(invoke(scene, {"tell": True}))
    invoke(scene, {"tell": True}, {"traceparent": sampled.header})
    collector.trace(f"{sampled.trace_id:032x}", 3)
    assert not any(one.trace_id == f"{unsampled.trace_id:032x}" for one in collector.spans)


def test_without_a_collector_invocations_go_on() -> None:
    with stage(otlp_endpoint="http://127.0.0.1:9", otlp_sampling=1.0) as built:
        built.start_feed()
        built.on_disk(built.table(variant("blue", built.worker("b1"))))
        built.start_edge()
        client = built.client()
        for _ in range(200):
            answer = client.invoke_endpoint(EndpointName=ENDPOINT, Body=b'{"tell": true}')
            assert "traceparent" in told_head(answer)
