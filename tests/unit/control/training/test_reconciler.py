"""The reconciler of training jobs against real records and a backend in memory."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.control_builders import REGION, STORE
from tests.support.memory_backend import MemoryBackend
from tests.support.training_jobs import ACCOUNT, document, request

from argosy.control.training.measuring import Measuring
from argosy.control.training.pools import Pools
from argosy.control.training.reconciler import TrainingReconciler
from argosy.ground.clock import ManualClock
from argosy.ground.instances import Phase
from argosy.ground.jobs import JobOutcome, Written
from argosy.ground.names import TRAINING_LOG_GROUP
from argosy.ground.settings import Settings
from argosy.state import job_statuses
from argosy.state.database import open_database
from argosy.state.event_deliveries import EventDeliveries
from argosy.state.events import EventOutbox
from argosy.state.object_events import BUCKET_NOTIFICATION
from argosy.state.record import Record
from argosy.state.records import Records
from argosy.telemetry.logs import LogWriter
from argosy.telemetry.metrics import MetricStore, metric

LOSS = {"MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]}
KEPT = {"KeepAlivePeriodInSeconds": 60}


class World:
    """Training jobs and everything that reconciles them."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.engine = open_database(folder / "argosy.db")
        self.records = Records(self.engine)
        self.metrics = MetricStore(self.records.transactions, self.clock)
        self.backend = MemoryBackend()
        self.logs, self.pools = folder / "logs", folder / "warm-pools"
        self.settings = Settings(data_dir=str(folder), job_instances=2)
        self.restart()

    def restart(self) -> None:
        """A control that remembers nothing."""
        self.reconciler = TrainingReconciler(
            self.records,
            self.backend,
            self.clock,
            self.settings,
            STORE,
            Measuring(self.records, self.metrics, self.logs),
            Pools(self.records, self.pools),
            lambda record: {},
        )

    def create(self, name: str, **changes: Any) -> None:
        body = dict(document(request(name, **changes), self.clock.now()))
        where = ("training-job", ACCOUNT, REGION, name)
        self.records.create(*where, body, now=self.clock.now(), status=job_statuses.IN_PROGRESS)
        self.clock.advance(1)

    def job(self, name: str) -> Record:
        found = self.records.get("training-job", ACCOUNT, REGION, name)
        assert found is not None
        return found

    def reconcile(self, times: int = 1) -> None:
        for _ in range(times):
            asyncio.run(self.reconciler.activate())

    def end(self, name: str, **members: Any) -> None:
        """Its hosts are done."""
        outcome = JobOutcome(**{"exit_code": 0, "started": 1.0, "ended": 2.0, **members})
        for instance_id, instance in self.backend.instances.items():
            if instance.spec.owner == f"training-job/{name}":
                state = replace(instance.state, phase=Phase.DONE, outcome=outcome)
                self.backend.instances[instance_id] = replace(instance, state=state)

    def say(self, name: str, *lines: str) -> None:
        """The job's first host prints."""
        (stream, *_) = self.job(name).document["run"]["streams"]
        writer = LogWriter(self.logs, ACCOUNT, REGION, TRAINING_LOG_GROUP, stream, 1 << 20)
        for line in lines:
            writer.write(line, int(self.clock.now() * 1000))
        writer.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.engine.dispose()


def test_a_job_is_launched_watched_and_cleared_away(world: World) -> None:
    world.create("a")
    world.reconcile(2)
    assert world.job("a").document["secondary"] == "Training"
    world.end("a")
    world.reconcile()
    assert world.job("a").status == job_statuses.COMPLETED
    assert world.backend.instances == {}


def test_a_new_control_goes_on_with_what_runs(world: World) -> None:
    world.create("a")
    world.reconcile()
    world.restart()
    world.reconcile()
    assert world.backend.log.count("launch algo-1") == 1
    world.end("a")
    world.restart()
    world.reconcile()
    assert world.job("a").status == job_statuses.COMPLETED


def test_jobs_beyond_the_machines_room_wait_their_turn(world: World) -> None:
    for name in ("a", "b", "c"):
        world.create(name)
    world.reconcile()
    assert world.job("c").document["secondary"] == "Pending"
    world.end("a")
    world.reconcile(2)
    assert world.job("c").document["run"] is not None


def test_every_change_of_status_is_an_event(world: World) -> None:
    world.create("a")
    world.reconcile(2)
    world.end("a", exit_code=1, failure="AlgorithmError: x")
    world.reconcile()
    told = [event.detail for event in EventOutbox(world.records.transactions).after(0)]
    assert [one["TrainingJobStatus"] for one in told] == ["Failed"]
    assert told[0]["FailureReason"] == "AlgorithmError: x"


def test_the_model_that_a_job_has_written_is_told_to_whom_its_bucket_notifies(
    world: World,
) -> None:
    queue = {"QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "Events": ["s3:ObjectCreated:*"]}
    where = (BUCKET_NOTIFICATION, ACCOUNT, "", "out")
    world.records.create(*where, {"QueueConfigurations": [queue]}, now=1.0)
    written = Written(uri="s3://out/models/a/output/model.tar.gz", size=3, etag="e")
    world.create("a")
    world.reconcile()
    world.end("a", uploaded=(written,))
    assert EventDeliveries(world.records.transactions).due(1e12) == []

    world.reconcile()

    (told,) = EventDeliveries(world.records.transactions).due(1e12)
    (record,) = json.loads(told.body)["Records"]
    assert record["s3"]["object"]["key"] == "models/a/output/model.tar.gz"


def test_what_a_job_prints_last_is_its_final_metric_and_each_value_is_published(
    world: World,
) -> None:
    world.create("a", algorithm=LOSS)
    world.reconcile()
    world.say("a", "loss=4", "no number")
    world.reconcile()
    world.restart()
    world.say("a", "loss=2")
    world.end("a")
    world.reconcile()

    final = world.job("a").document["metrics"]["loss"]
    assert (world.job("a").status, final["value"]) == (job_statuses.COMPLETED, 2.0)
    loss = metric(ACCOUNT, REGION, "/aws/sagemaker/TrainingJobs", "loss", {"TrainingJobName": "a"})
    now = world.clock.now()
    (point,) = world.metrics.read(loss, now - 60, now + 60, 60)
    assert (point.sample.count, point.sample.total) == (2, 6.0)


def test_a_warm_pool_is_taken_over_by_the_next_job_that_matches(world: World) -> None:
    world.create("a", resources=KEPT)
    world.reconcile()
    (first,) = world.backend.instances.values()
    world.end("a")
    world.reconcile()
    assert world.job("a").document["warm_pool"]["status"] == "Available"
    world.restart()
    world.create("b", resources=KEPT)
    world.reconcile()

    (second,) = world.backend.instances.values()
    assert first.spec.job is not None
    assert second.spec.job is not None
    assert second.spec.job.warm_folder == first.spec.job.warm_folder != ""
    pool = world.job("a").document["warm_pool"]
    assert (pool["status"], pool["reused_by"]) == ("Reused", "b")


def test_a_warm_pool_whose_time_is_over_goes_with_its_folder(world: World) -> None:
    world.create("a", resources=KEPT)
    world.reconcile()
    pool = world.job("a").document["run"]["pool"]
    (world.pools / "left-behind").mkdir()
    world.end("a")
    world.reconcile(2)
    assert (world.pools / pool).is_dir()
    world.clock.advance(60)
    world.reconcile()
    assert list(world.pools.iterdir()) == [world.pools / "left-behind"]
    assert world.job("a").document["warm_pool"]["status"] == "Terminated"
    assert world.job("a").document["warm_pool"]["retained_s"] >= 60
    world.restart()
    world.reconcile()
    assert list(world.pools.iterdir()) == []


def test_instances_of_a_job_that_is_gone_are_ended(world: World) -> None:
    world.create("a")
    world.reconcile()
    world.records.delete("training-job", ACCOUNT, REGION, "a")
    world.reconcile(2)
    assert world.backend.instances == {}


def test_a_launch_that_failed_is_tried_again(world: World, monkeypatch: Any) -> None:
    world.create("a")
    launch, failures = world.backend.launch, [OSError("the disk is full")]

    async def fails_once(spec: Any) -> None:
        if failures:
            raise failures.pop()
        await launch(spec)

    monkeypatch.setattr(world.backend, "launch", fails_once)
    world.reconcile(2)
    assert len(world.backend.instances) == 1


def test_what_a_control_that_died_had_not_cleared_away_is_cleared_away(world: World) -> None:
    world.create("a")
    world.reconcile()
    left = dict(world.backend.instances)
    world.end("a")
    world.reconcile()
    world.backend.instances = left
    world.restart()
    world.reconcile(2)
    assert world.backend.instances == {}


def test_a_run_after_a_loss_stays_in_its_warm_pool(world: World) -> None:
    world.create("a", resources=KEPT, RetryStrategy={"MaximumRetryAttempts": 1})
    world.reconcile()
    pool = world.job("a").document["run"]["pool"]
    world.backend.become(*world.backend.instances, Phase.GONE)
    world.reconcile(2)
    assert world.backend.instances == {}
    world.clock.advance(1)
    world.reconcile()
    assert world.job("a").document["runs"] == 2
    assert world.job("a").document["run"]["pool"] == pool
