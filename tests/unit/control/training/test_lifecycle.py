"""The life of a training job, decided from values alone."""

from dataclasses import replace
from typing import Any

import pytest
from tests.support.control_builders import NOW
from tests.support.training_jobs import document, done, host, request, spot

from argosy.control.training.lifecycle import Plan, View, decide
from argosy.ground.instances import Instance, Phase
from argosy.ground.jobs import Written
from argosy.state import job_statuses

VIEW = View(name="job", created=NOW, instances=[])


class Job:
    """A job that is looked at again and again, a second after another."""

    def __init__(self, asked: dict[str, Any] | None = None) -> None:
        self.document = document(asked)
        self.status = job_statuses.IN_PROGRESS
        self.now = NOW
        self.plan = Plan(self.status, self.document)

    def look(self, *instances: Instance, admitted: bool = True, **view: Any) -> Plan:
        seen = replace(VIEW, instances=list(instances), admitted=admitted, **view)
        self.now += 1
        self.plan = decide(self.status, self.document, seen, self.now)
        self.status, self.document = self.plan.status, self.plan.document
        return self.plan

    def begin(self) -> str:
        """The id of a run that has just begun."""
        self.look()
        return self.run

    @property
    def run(self) -> str:
        run = self.document["run"]
        assert run is not None
        return run["id"]

    @property
    def path(self) -> list[str]:
        return [one["status"] for one in self.document["transitions"]]


def test_a_job_goes_through_all_stages_to_completed() -> None:
    job = Job()
    assert job.look().launch == ["algo-1"]
    run = job.run
    for phase in (Phase.PENDING, Phase.DOWNLOADING, Phase.IN_SERVICE, Phase.UPLOADING):
        assert job.look(host(run, phase=phase)).launch == []
    written = Written(uri="s3://out/models/job/output/model.tar.gz", size=1, etag="e")
    plan = job.look(done(run, uploaded=(written,)))

    assert (job.status, job.document["run"]) == (job_statuses.COMPLETED, None)
    stages = ("Starting", "Starting", "Downloading", "Training", "Uploading", "Completed")
    assert job.path == [*stages]
    assert all("ended" in one for one in job.document["transitions"])
    assert plan.written == [written]
    assert plan.forget == [f"i-{run}-algo-1"]
    assert job.document["started"] == NOW + 3
    assert job.document["ran_s"] == 3


def test_stages_that_went_by_unseen_are_told_with_their_times() -> None:
    job = Job()
    run = job.begin()
    job.now += 120
    job.look(done(run))

    began = {one["status"]: one["started"] for one in job.document["transitions"]}
    assert began["Training"] == job.now - 60
    assert began["Uploading"] == job.now - 10
    starts = [one["started"] for one in job.document["transitions"]]
    assert starts == sorted(starts)
    assert job.document["ran_s"] == 60


def test_a_job_without_room_is_pending_and_says_why() -> None:
    job = Job()
    assert job.look(admitted=False, waits_for="no room").launch == []
    assert job.document["secondary"] == "Pending"
    assert job.document["transitions"][-1]["message"] == "no room"
    transitions = list(job.document["transitions"])
    job.look(admitted=False, waits_for="no room")
    assert job.document["transitions"] == transitions


def test_a_host_whose_launch_was_lost_with_control_is_launched_again() -> None:
    job = Job(request(resources={"InstanceCount": 2}))
    run = job.begin()
    assert job.plan.launch == ["algo-1", "algo-2"]
    assert job.look(host(run, "algo-1")).launch == ["algo-2"]


def test_several_hosts_complete_together_and_upload_when_all_have_trained() -> None:
    job = Job(request(resources={"InstanceCount": 2}))
    run = job.begin()
    job.look(host(run, "algo-1", Phase.UPLOADING), host(run, "algo-2"))
    assert job.document["secondary"] == "Training"
    job.look(host(run, "algo-1", Phase.UPLOADING), done(run, "algo-2"))
    assert job.document["secondary"] == "Uploading"
    assert job.plan.forget == []
    job.look(done(run, "algo-1"), done(run, "algo-2"))
    assert job.status == job_statuses.COMPLETED


def test_the_first_host_that_fails_fails_the_job_and_the_others_are_stopped() -> None:
    job = Job(request(resources={"InstanceCount": 2}))
    run = job.begin()
    failed = done(run, "algo-2", exit_code=1, failure="AlgorithmError: it broke, exit code: 1")
    plan = job.look(host(run, "algo-1"), failed)
    assert plan.stop == [f"i-{run}-algo-1"]
    assert job.status == job_statuses.IN_PROGRESS

    job.look(done(run, "algo-1", stopped=True), failed)

    assert job.status == job.document["secondary"] == job_statuses.FAILED
    assert job.document["failure_reason"] == "AlgorithmError: it broke, exit code: 1"


def test_a_job_whose_data_is_not_there_never_trains() -> None:
    job = Job()
    run = job.begin()
    reason = "ClientError: Data download failed"
    job.look(done(run, started=0.0, ended=0.0, exit_code=None, failure=reason))
    assert job.path[-2:] == ["Downloading", "Failed"]
    assert job.document["failure_reason"] == reason


def test_an_image_that_nobody_runs_fails_the_job_before_it_begins() -> None:
    job = Job()
    assert job.look(obstacle="No job can run the image").launch == []
    assert job.document["failure_reason"] == "ClientError: No job can run the image"
    assert job.status == job_statuses.FAILED


def test_a_stop_ends_the_instances_and_what_they_saved_is_kept() -> None:
    job = Job()
    run = job.begin()
    job.status = job_statuses.STOPPING
    assert job.look(host(run)).stop == [f"i-{run}-algo-1"]
    assert job.look(host(run, phase=Phase.STOPPING)).stop == []
    written = Written(uri="s3://b/k", size=1, etag="e")
    plan = job.look(done(run, stopped=True, uploaded=(written,)))
    assert (job.status, job.document["secondary"]) == ("Stopped", "Stopped")
    assert plan.written == [written]


def test_a_stop_of_a_job_that_waits_ends_it_at_once() -> None:
    job = Job()
    job.look(admitted=False, waits_for="no room")
    job.status = job_statuses.STOPPING
    assert job.look().launch == []
    assert job.status == job_statuses.STOPPED


def test_a_job_that_runs_too_long_is_stopped_and_says_so() -> None:
    job = Job()
    run = job.begin()
    job.look(host(run))
    job.look(done(run, exit_code=143, stopped=True, overdue=True))
    assert (job.status, job.document["secondary"]) == ("Stopped", "MaxRuntimeExceeded")
    assert job.document["failure_reason"] == ""


def test_a_lost_instance_fails_a_job_that_asked_for_no_retries() -> None:
    job = Job()
    run = job.begin()
    job.look(host(run, phase=Phase.GONE, reason="Its agent ended."))
    assert job.status == job_statuses.FAILED
    assert job.document["failure_reason"].startswith("InternalServerError: ")
    assert "Its agent ended." in job.document["failure_reason"]


def test_a_lost_instance_is_made_good_as_often_as_the_retry_strategy_says() -> None:
    job = Job(request(RetryStrategy={"MaximumRetryAttempts": 1}))
    first = job.begin()
    job.look(host(first, phase=Phase.GONE))
    assert job.document["secondary"] == "Restarting"
    second = job.begin()
    assert second != first
    job.look(host(second, phase=Phase.GONE))
    assert job.status == job_statuses.FAILED


def test_a_spot_job_that_loses_an_instance_rests_longer_each_time_and_not_for_ever() -> None:
    job, rests = Job(spot()), []
    for _ in range(10):
        job.look(host(job.begin(), phase=Phase.GONE))
        assert job.document["secondary"] == "Interrupted"
        rests.append(job.document["rests_until"] - job.now)
        job.now -= 1
        assert job.look(admitted=False).launch == []
        assert job.document["secondary"] == "Interrupted"
        job.now = job.document["rests_until"]
    assert rests[:3] == [1, 3, 7]
    assert max(rests) == 300
    job.look(host(job.begin(), phase=Phase.GONE))
    assert job.status == job_statuses.FAILED


@pytest.mark.parametrize(("asked", "secondary"), [(request(), "Failed"), (spot(), "Interrupted")])
def test_a_job_that_was_stopped_with_the_platform_goes_on_if_it_is_a_spot_job(
    asked: dict[str, Any], secondary: str
) -> None:
    job = Job(asked)
    job.look(done(job.begin(), exit_code=143, stopped=True))
    assert job.document["secondary"] == secondary


def test_a_failure_of_the_algorithm_is_not_tried_again() -> None:
    job = Job(request(RetryStrategy={"MaximumRetryAttempts": 3}))
    job.look(done(job.begin(), exit_code=1, failure="AlgorithmError: x"))
    assert job.status == job_statuses.FAILED


def test_an_interrupted_spot_job_begins_again_and_counts_all_its_time() -> None:
    job = Job(spot())
    first = job.begin()
    job.look(host(first))
    job.document["interrupt"] = first
    assert job.look(host(first)).stop == [f"i-{first}-algo-1"]
    assert job.document["secondary"] == "Interrupted"
    plan = job.look(done(first, exit_code=143, stopped=True), admitted=False)
    assert plan.written == []
    assert job.document["run"] is None

    second = job.begin()
    job.look(host(second))
    job.look(done(second))

    assert job.status == job_statuses.COMPLETED
    stages = [status for status in job.path if status in ("Interrupted", "Training")]
    assert stages == ["Training", "Interrupted", "Interrupted", "Training"]
    assert job.document["ran_s"] == 3


def test_an_order_to_interrupt_a_run_does_not_meet_the_next_one() -> None:
    job = Job(spot())
    job.document["interrupt"] = "t-earlier"
    assert job.look(host(job.begin())).stop == []


def test_a_spot_job_that_waits_or_runs_too_long_ends_with_max_wait() -> None:
    waiting = Job(spot())
    waiting.now += 3600
    waiting.look(admitted=False)
    running = Job(spot())
    run = running.begin()
    running.now += 3600
    assert running.look(host(run)).stop
    assert running.status == job_statuses.STOPPING
    running.look(done(run, stopped=True))
    for job in (waiting, running):
        assert (job.status, job.document["secondary"]) == ("Stopped", "MaxWaitTimeExceeded")


def test_the_time_of_earlier_runs_counts_for_the_longest_time() -> None:
    job = Job(spot())
    job.document["ran_s"] = 600.0
    job.look()
    assert (job.status, job.document["secondary"]) == ("Stopped", "MaxRuntimeExceeded")


def test_a_job_is_not_over_before_all_that_it_wrote_has_been_read() -> None:
    job = Job()
    run = job.begin()
    job.look(done(run), read=False)
    assert (job.status, job.plan.forget) == (job_statuses.IN_PROGRESS, [])
    job.look(done(run))
    assert job.status == job_statuses.COMPLETED


@pytest.mark.parametrize(
    ("seconds", "outcome", "status"),
    [(60, {}, "Available"), (60, {"exit_code": 1, "failure": "x"}, "Terminated"), (0, {}, None)],
)
def test_a_completed_job_leaves_a_warm_pool_if_it_asked_for_one(
    seconds: int, outcome: dict[str, Any], status: str | None
) -> None:
    job = Job(request(resources={"KeepAlivePeriodInSeconds": seconds}))
    run = job.begin()
    job.look(done(run, **outcome))
    pool = job.document.get("warm_pool")
    assert (pool["status"] if pool else None) == status


def test_a_job_that_took_over_a_pool_without_asking_for_one_ends_it() -> None:
    job = Job()
    job.look(pool="t-pool")
    job.look(done(job.run))
    assert job.document["warm_pool"]["status"] == "Terminated"
    assert job.document["warm_pool"]["id"] == "t-pool"


def test_instances_of_another_run_are_ended_and_forgotten() -> None:
    job = Job()
    run = job.begin()
    plan = job.look(host(run), host("t-old"), host("t-older", phase=Phase.GONE))
    assert plan.stop == ["i-t-old-algo-1"]
    assert plan.forget == ["i-t-older-algo-1"]
