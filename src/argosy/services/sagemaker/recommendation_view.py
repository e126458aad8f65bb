"""An inference recommendations job as Describe and List show it: a record in, a body out. Pure.

MaxInvocations are a minute's, ModelLatency is in microseconds (RecommendationMetrics in the API
reference). What is not known here, prices and utilisation, is left out.
"""

from typing import Any

from argosy.state.recommendations import COMPLETED, Test
from argosy.state.records import Record

_SHOWN = ("JobDescription", "JobType", "RoleArn", "InputConfig", "StoppingConditions")


def summary(record: Record) -> dict[str, Any]:
    document = record.document
    asked = document["asked"]
    body = {
        **{name: asked.get(name) for name in ("JobDescription", "JobType", "RoleArn")},
        **_head(record),
        "ModelName": asked["InputConfig"].get("ModelName"),
        "SamplePayloadUrl": document["payload"],
    }
    return _without_empty(body)


def description(record: Record) -> dict[str, Any]:
    asked, tests = record.document["asked"], record.document["tests"]
    done = [test for test in tests if test["status"] == COMPLETED]
    body = {
        **{name: asked.get(name) for name in _SHOWN},
        **_head(record),
        "InferenceRecommendations": [_recommendation(t) for t in done if t["deployment"]],
        "EndpointPerformances": [_performance(t) for t in done if not t["deployment"]],
    }
    return _without_empty(body)


def step(record: Record, test: Test) -> dict[str, Any]:
    """One test, as ListInferenceRecommendationsJobSteps shows it."""
    benchmark: dict[str, Any] = {
        "ModelConfiguration": {},
        "EndpointConfiguration": _configuration(test),
        "FailureReason": test["reason"],
        **_times(test),
    }
    if test["status"] == COMPLETED:
        benchmark["Metrics" if test["deployment"] else "EndpointMetrics"] = _metrics(test)
    return {
        "StepType": "BENCHMARK",
        "JobName": record.name,
        "Status": test["status"],
        "InferenceBenchmark": _without_empty(benchmark),
    }


def _head(record: Record) -> dict[str, Any]:
    document = record.document
    return {
        "JobName": record.name,
        "JobArn": document["arn"],
        "Status": record.status,
        "CreationTime": record.created,
        "CompletionTime": document["ended"],
        "LastModifiedTime": record.modified,
        "FailureReason": document["failure_reason"],
    }


def _recommendation(test: Test) -> dict[str, Any]:
    return _without_empty(
        {
            "RecommendationId": test["endpoint"],
            "Metrics": _metrics(test),
            "EndpointConfiguration": _configuration(test),
            "ModelConfiguration": {},
            **_times(test),
        }
    )


def _performance(test: Test) -> dict[str, Any]:
    return {"Metrics": _metrics(test), "EndpointInfo": {"EndpointName": test["endpoint"]}}


def _metrics(test: Test) -> dict[str, Any]:
    told = {
        "MaxInvocations": int(test["rate"] * 60),
        "ModelLatency": round(test["latency_ms"] * 1000),
    }
    return {**told, "ModelSetupTime": round(test["setup_s"])} if "setup_s" in test else told


def _configuration(test: Test) -> dict[str, Any]:
    told = {"EndpointName": test["endpoint"], "VariantName": test["variant"]}
    if not test["deployment"]:
        return told
    return {**told, "InstanceType": test["instance_type"], "InitialInstanceCount": 1}


def _times(test: Test) -> dict[str, Any]:
    return {"InvocationStartTime": test.get("started"), "InvocationEndTime": test.get("ended")}


def _without_empty(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None and value != ""}
