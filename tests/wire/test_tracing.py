"""Traces of AWS calls, answered by the control API."""

from pathlib import Path

from argosy.ground.settings import Settings
from argosy.telemetry.traceparent import new_place
from argosy.telemetry.tracing import Tracing
from tests.support.api_client import ApiServer
from tests.support.collector import Collector


def test_a_call_is_told_as_a_span(tmp_path: Path) -> None:
    caller = new_place()
    with Collector() as collector:
        tracing = Tracing(Settings(otlp_endpoint=collector.url, otlp_sampling=0.0), "control")
        with ApiServer(tmp_path, tracing=tracing) as server:
            client = server.client("sagemaker")
            client.list_models()
            client.meta.events.register(
                "before-sign.*.*",
                lambda request, **_: request.headers.add_header("traceparent", caller.header),
            )
            client.list_endpoints()
        tracing.close()
        (span,) = collector.spans
    assert (span.service, span.name) == ("argosy-control", "sagemaker.ListEndpoints")
    assert span.parent_id == f"{caller.span_id:016x}"
    assert span.attributes["http.response.status_code"] == 200
