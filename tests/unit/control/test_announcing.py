"""What control writes down of endpoints and jobs is told to the event outbox in the same commit."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.control_builders import NOW, deployment, document, instance

from argosy.control import carrying_out
from argosy.control.asynchronous.plans import plans_of
from argosy.control.routes import Routed
from argosy.state.database import open_database
from argosy.state.events import Event, EventOutbox
from argosy.state.records import Records
from argosy.state.rollouts import new_rollout
from argosy.state.transform_jobs import TRANSFORM_JOB, new_job

HALF = {"share": 0.5, "wait": 60.0, "waits": "WaitIntervalInSeconds"}
ALL = {"share": 1.0, "wait": 30.0, "waits": "TerminationWaitInSeconds"}


@dataclass
class Plan:
    status: str
    document: dict[str, Any]


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    engine = open_database(tmp_path / "argosy.db")
    yield Records(engine)
    engine.dispose()


def told(records: Records) -> list[Event]:
    return EventOutbox(records.transactions).after(0)


def updating(**rollout: Any) -> dict[str, Any]:
    made = {**new_rollout([HALF, ALL], NOW), **rollout}  # type: ignore[list-item]
    return {**document(deployment("d-old", A=2), deployment("d-new", A=2)), "rollout": made}


def variant_status(event: Event) -> str:
    (variant,) = event.detail["PendingDeploymentSummary"]["ProductionVariants"]
    (status,) = variant["VariantStatus"]
    return f"{status['Status']}: {status['StatusMessage']}"


def test_each_step_of_a_deployment_is_told_with_what_its_variants_do(records: Records) -> None:
    record = records.create("endpoint", "1", "r", "e", updating(), now=NOW, status="Updating")
    phases: list[dict[str, Any]] = [
        {"phase": "activating", "share": 0.5},
        {"phase": "baking", "share": 0.5},
        {"phase": "baking", "share": 0.5, "died": 1},
        {"phase": "activating", "share": 1.0, "step": 1},
        {"phase": "baking", "share": 1.0, "step": 1},
    ]
    for phase in phases:
        changed = carrying_out.write(records, record, Plan("Updating", updating(**phase)), NOW + 1)
        assert changed is not None
        record = changed

    events = told(records)
    assert {event.detail_type for event in events} == {"SageMaker Endpoint Deployment State Change"}
    assert [variant_status(event) for event in events] == [
        "ActivatingTraffic: Activating traffic on canary capacity of 1 instance(s).",
        "Baking: Baking for 60 seconds (WaitIntervalInSeconds) with traffic enabled on canary "
        "capacity of 1 instance(s).",
        "ActivatingTraffic: Activating traffic on full capacity of 2 instance(s).",
        "Baking: Baking for 30 seconds (TerminationWaitInSeconds) with traffic enabled on full "
        "capacity of 2 instance(s).",
    ]
    assert events[0].detail["PendingDeploymentSummary"]["StartTime"] == int(NOW * 1000)


def test_the_end_of_an_update_is_a_change_of_status(records: Records) -> None:
    record = records.create("endpoint", "1", "r", "e", updating(), now=NOW, status="Updating")
    over = {**updating(), "pending": None, "rollout": None, "failure_reason": "an alarm"}

    carrying_out.write(records, record, Plan("InService", over), NOW + 1)

    (event,) = told(records)
    assert event.detail_type == "SageMaker Endpoint State Change"
    assert event.detail["EndpointStatus"] == "IN_SERVICE"
    assert event.detail["FailureReason"] == "an alarm"
    assert event.detail["LastModifiedTime"] == int((NOW + 1) * 1000)


def test_a_transform_jobs_end_is_told_with_what_was_asked_for(records: Records) -> None:
    asked = {
        "TransformJobName": "j",
        "ModelName": "m",
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    job = dict(new_job("j", "arn:j", "d-1", asked, {}, NOW))
    record = records.create(TRANSFORM_JOB, "1", "r", "j", job, now=NOW, status="InProgress")

    carrying_out.write(records, record, Plan("Failed", {**job, "failure_reason": "no"}), NOW + 2)

    (event,) = told(records)
    assert (event.detail_type, event.resources) == (
        "SageMaker Transform Job State Change",
        ["arn:j"],
    )
    detail = event.detail
    assert (detail["TransformJobStatus"], detail["FailureReason"]) == ("Failed", "no")
    assert detail["TransformResources"]["InstanceCount"] == 1


def test_instances_of_two_fleets_pull_asynchronous_work_by_their_shares() -> None:
    made = updating(phase="baking", share=0.25)
    for one in (made["live"], made["pending"]):
        one["config"]["AsyncInferenceConfig"] = {"OutputConfig": {"S3OutputPath": "s3://b/o"}}
    serving = [
        instance(id=f"{fleet}-{number}", deployment=f"d-{fleet}", created=NOW + number)
        for fleet in ("old", "new")
        for number in range(2)
    ]

    (plan,) = plans_of([Routed("1", "r", "Updating", made, serving)])  # type: ignore[arg-type]

    assert sorted(plan.instances) == ["new-0", "old-0", "old-1"]
    assert plan.weights == {"A": 1.0}
