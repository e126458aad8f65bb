"""What becomes of a processing job on instances, from its record and its instances."""

from typing import Any

import pytest

from argosy.control.processing.instances import admitted
from argosy.control.processing.lifecycle import MOST_ATTEMPTS, Plan, View, decide
from argosy.ground.instances import (
    ContainerSpec,
    Instance,
    InstanceSpec,
    InstanceState,
    Phase,
    StoreAccess,
)
from argosy.ground.jobs import JobOutcome, Written
from argosy.state.processing_jobs import new_job
from argosy.state.record import Record

STORE = StoreAccess(url="u", region="r", access_key_id="a", secret_access_key="s")
ASKED = {"ProcessingResources": {"ClusterConfig": {"InstanceCount": 2}}}
WELL = JobOutcome(exit_code=0, uploaded=(Written(uri="s3://b/k", size=1, etag="e"),))


def instance(host: str, phase: Phase, outcome: JobOutcome | None = None, run: str = "r-1") -> Any:
    spec = InstanceSpec(
        instance_id=f"{run}-{host}",
        account="0",
        region="r",
        zone="z",
        owner="processing-job/j",
        deployment=run,
        variant=host,
        containers=(ContainerSpec(name=host, image="i", runtime="sklearn"),),
        log_group="g",
        log_stream="s",
        store=STORE,
    )
    return Instance(spec=spec, state=InstanceState(phase=phase, outcome=outcome))


def document(run: bool = True, attempts: int = 1) -> Any:
    made: Any = {**new_job("j", "arn", ASKED), "attempts": attempts}
    if run:
        hosts = ["algo-1", "algo-2"]
        made["run"] = {"id": "r-1", "hosts": hosts, "streams": ["a", "b"], "launched": 0.0}
    return made


def plan(*instances: Instance, given: Any = None, status: str = "InProgress", **view: Any) -> Plan:
    found = {"name": "j", "run_id": "r-2", "has_room": True, **view}
    return decide(status, given or document(), View(instances=list(instances), **found), 9.0)


def both(phase: Phase, outcome: JobOutcome | None = None) -> list[Instance]:
    return [instance(host, phase, outcome) for host in ("algo-1", "algo-2")]


def record(name: str, count: int, status: str = "InProgress", run: bool = False) -> Record:
    asked = {"ProcessingResources": {"ClusterConfig": {"InstanceCount": count}}}
    made: Any = new_job(name, "arn", asked)
    if run:
        made["run"] = {"id": "r", "hosts": ["h"] * count, "streams": [], "launched": 0.0}
    return Record("processing-job", "0", "r", name, made, status, 1, 0.0, 0.0)


def test_jobs_begin_in_the_order_in_which_they_came() -> None:
    def begin(*records: Record) -> list[str]:
        return sorted(name for _, _, name in admitted(records, 4))

    runs = record("runs", 2, run=True)
    assert begin(runs, record("a", 1), record("b", 1), record("c", 1)) == ["a", "b"]
    assert begin(runs, record("big", 3), record("small", 1)) == []  # else it would never begin
    assert begin(record("too big", 5), record("small", 1)) == ["small"]
    assert begin(record("over", 4, "Stopping"), record("small", 4)) == ["small"]


def test_a_job_begins_when_there_is_room_and_waits_until_then() -> None:
    begun = plan(given=document(run=False))
    assert begun.launch == ["algo-1", "algo-2"]
    assert begun.document["attempts"] == 2
    waiting = plan(given=document(run=False), has_room=False)
    assert (waiting.launch, waiting.document) == ([], document(run=False))


def test_a_job_that_can_never_run_fails_and_one_that_was_stopped_never_begins() -> None:
    failed = plan(given=document(run=False), obstacle="No.")
    assert (failed.status, failed.document["failure_reason"]) == ("Failed", "ClientError: No.")
    assert plan(given=document(run=False), status="Stopping").status == "Stopped"


def test_hosts_that_are_not_there_yet_are_launched() -> None:
    assert plan(instance("algo-1", Phase.IN_SERVICE)).launch == ["algo-2"]


def test_all_ended_well_is_completed_with_what_was_written() -> None:
    done = plan(*both(Phase.DONE, WELL))
    assert (done.status, len(done.written), len(done.forget)) == ("Completed", 2, 2)


@pytest.mark.parametrize("phase", [Phase.IN_SERVICE, Phase.DOWNLOADING])
def test_a_failure_of_one_host_stops_the_others_and_then_is_the_jobs(phase: Phase) -> None:
    bad = instance("algo-1", Phase.DONE, JobOutcome(exit_code=1, failure="AlgorithmError: x"))
    first = plan(bad, instance("algo-2", phase))
    assert (first.status, first.stop) == ("InProgress", ["r-1-algo-2"])
    stopped = instance("algo-2", Phase.DONE, JobOutcome(stopped=True))
    last = plan(bad, stopped, given=first.document)
    assert (last.status, last.document["failure_reason"]) == ("Failed", "AlgorithmError: x")


def test_a_lost_host_begins_the_job_anew_but_not_for_ever() -> None:
    lost = [instance("algo-1", Phase.GONE), instance("algo-2", Phase.DONE, WELL)]
    again = plan(*lost)
    assert (again.status, again.document["run"], again.written) == ("InProgress", None, [])
    over = plan(*lost, given=document(attempts=MOST_ATTEMPTS))
    assert over.status == "Failed"
    assert over.document["failure_reason"].startswith("InternalServerError")


def test_stopping_stops_what_lives_and_what_uploads_is_left_in_peace() -> None:
    going = [instance("algo-1", Phase.IN_SERVICE), instance("algo-2", Phase.UPLOADING)]
    assert plan(*going, status="Stopping").stop == ["r-1-algo-1"]
    assert plan(*both(Phase.DONE, WELL), status="Stopping").status == "Stopped"


def test_a_job_that_took_too_long_is_stopped() -> None:
    late = JobOutcome(stopped=True, overdue=True)
    over = plan(*both(Phase.DONE, late))
    assert over.status == "Stopped"
    assert "MaxRuntimeInSeconds" in over.document["exit_message"]


def test_instances_of_an_earlier_run_are_cleared_away() -> None:
    old = [instance("algo-1", Phase.IN_SERVICE, run="r-0"), instance("b", Phase.GONE, run="r-0")]
    cleared = plan(*old, *both(Phase.IN_SERVICE))
    assert (cleared.stop, cleared.forget) == (["r-0-algo-1"], ["r-0-b"])
