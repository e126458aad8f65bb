"""What becomes of a job, decided from its record, its instances and its work."""

from dataclasses import replace
from typing import Any

from tests.support.control_builders import NOW, REGION, instance

from argosy.control.transforms.lifecycle import WorkView, decide
from argosy.ground.instances import Instance, Phase
from argosy.state.transform_jobs import TransformJobDocument, new_job

ASKED = {
    "ModelName": "m",
    "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 2},
}
MODEL = {"PrimaryContainer": {"Image": "sagemaker-scikit-learn:1.2-1-cpu-py3"}}
BEGUN = WorkView(begun=True)
DONE = WorkView(begun=True, done=True)
CLEARED = WorkView(begun=True, done=True, cleared=True)


def job(**members: Any) -> TransformJobDocument:
    document = new_job("j", "arn", "d-1", ASKED, MODEL, NOW)
    document.update(members)  # type: ignore[typeddict-item]
    return document


def mine(number: int, phase: Phase = Phase.IN_SERVICE, **options: Any) -> Instance:
    return instance(phase, id=f"i-{number}", deployment="d-1", variant="transform", **options)


def test_as_many_instances_are_launched_as_were_asked_for() -> None:
    plan = decide("InProgress", job(), REGION, [], BEGUN, NOW)
    assert [launch.zone for launch in plan.launch] == ["us-east-1a", "us-east-1b"]


def test_nothing_is_launched_before_there_is_something_to_do() -> None:
    plan = decide("InProgress", job(), REGION, [], WorkView(), NOW)
    assert (plan.launch, plan.status) == ([], "InProgress")


def test_a_dead_instance_is_replaced_and_soon_dying_ones_wait() -> None:
    dead = mine(1, Phase.GONE, served=True, created=NOW - 20)
    again = mine(3, Phase.GONE, served=True, created=NOW - 1)

    once = decide("InProgress", job(), REGION, [dead, mine(2)], BEGUN, NOW)
    twice = decide("InProgress", job(), REGION, [dead, again, mine(2)], BEGUN, NOW - 0.5)

    assert len(once.launch) == 1
    assert (len(twice.launch), twice.wake_at) == (0, NOW)


def test_the_first_instance_in_service_begins_the_job() -> None:
    plan = decide("InProgress", job(), REGION, [mine(1), mine(2)], BEGUN, NOW)
    assert plan.document["started"] == NOW - 500


def test_a_model_that_does_not_come_up_fails_the_job_and_ends_its_instances() -> None:
    misfit = mine(1, Phase.FAILED, reason="It exited with status 1.")

    plan = decide("InProgress", job(), REGION, [misfit, mine(2, Phase.STARTING)], BEGUN, NOW)

    assert plan.document["outcome"] == "Failed"
    assert plan.document["failure_reason"] == (
        "AlgorithmError: Model container failed to respond to ping. It exited with status 1."
    )
    assert (plan.kill, plan.launch, plan.status) == (["i-2"], [], "InProgress")


def test_a_missing_archive_is_the_clients_error() -> None:
    reason = "Could not find model data at s3://b/m.tar.gz."
    plan = decide("InProgress", job(), REGION, [mine(1, Phase.FAILED, reason=reason)], BEGUN, NOW)
    assert plan.document["failure_reason"] == f"ClientError: {reason}"


def test_one_instance_that_does_not_come_up_harms_nothing_while_another_works() -> None:
    misfit = mine(1, Phase.FAILED, reason="Out of memory.")
    plan = decide("InProgress", job(), REGION, [misfit, mine(2)], BEGUN, NOW)
    assert "outcome" not in plan.document


def test_an_image_that_nobody_runs_fails_the_job_at_once() -> None:
    plan = decide("InProgress", job(), REGION, [], BEGUN, NOW, "No runtime can serve it.")
    assert plan.document["failure_reason"] == "ClientError: No runtime can serve it."


def test_a_job_whose_work_is_done_is_cleared_up_and_then_completed() -> None:
    first = decide("InProgress", job(), REGION, [mine(1)], DONE, NOW)
    second = decide("InProgress", first.document, REGION, [mine(1)], CLEARED, NOW + 1)

    assert (first.status, first.clear, first.stop) == ("InProgress", True, ["i-1"])
    assert (second.status, second.document["ended"]) == ("Completed", NOW + 1)
    assert "outcome" not in second.document


def test_a_job_of_which_objects_failed_has_failed_though_the_others_are_there() -> None:
    work = replace(DONE, failure="ClientError: 1 of 2 objects failed.")
    first = decide("InProgress", job(), REGION, [mine(1)], work, NOW)
    second = decide("InProgress", first.document, REGION, [], replace(work, cleared=True), NOW)
    assert (second.status, second.document["failure_reason"]) == ("Failed", work.failure)


def test_a_stopped_job_ends_its_instances_at_once_and_clears_up_behind_them() -> None:
    first = decide("Stopping", job(), REGION, [mine(1), mine(2)], BEGUN, NOW)
    dead = [mine(1, Phase.GONE), mine(2, Phase.GONE)]
    second = decide("Stopping", first.document, REGION, dead, BEGUN, NOW)
    third = decide("Stopping", second.document, REGION, [], WorkView(cleared=True), NOW)

    assert (first.kill, first.clear) == (["i-1", "i-2"], False)
    assert (second.clear, second.forget) == (True, ["i-1", "i-2"])
    assert third.status == "Stopped"


def test_what_is_left_of_a_finished_job_is_let_go() -> None:
    plan = decide("Completed", job(), REGION, [mine(1), mine(2, Phase.GONE)], DONE, NOW)
    assert (plan.stop, plan.forget, plan.status) == (["i-1"], ["i-2"], "Completed")


def test_instances_that_die_without_a_word_fail_a_job_that_never_worked() -> None:
    dead = [mine(number, Phase.GONE, created=NOW - 20) for number in range(3)]
    plan = decide("InProgress", job(), REGION, dead, BEGUN, NOW)
    assert plan.document["failure_reason"].startswith("InternalServerError: 3 instances")
