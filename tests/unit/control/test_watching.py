"""What watches over an update: guards on what the edges count of the new fleet, step by step."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.control_builders import NOW, REGION, deployment, document

from argosy.control.watching import Watch
from argosy.ground.clock import ManualClock
from argosy.ground.names import DEFAULT_ACCOUNT
from argosy.state.alarms import put_alarm
from argosy.state.database import open_database
from argosy.state.records import Record, Records
from argosy.state.rollouts import new_rollout
from argosy.telemetry.sketch import bucket_of

HALF = {"share": 0.5, "wait": 60.0, "waits": "--every"}
ALL = {"share": 1.0, "wait": 60.0, "waits": "--every"}
KEY = f"{DEFAULT_ACCOUNT}/{REGION}/e"


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    engine = open_database(tmp_path / "argosy.db")
    yield Records(engine)
    engine.dispose()


def endpoint(step: int = 0, **rollout: Any) -> Record:
    made = {**new_rollout([HALF, ALL], NOW, **rollout), "step": step}  # type: ignore[list-item]
    doc = {**document(deployment("d-old"), deployment("d-new")), "rollout": made}
    return Record("endpoint", DEFAULT_ACCOUNT, REGION, "e", doc, "Updating", 1, NOW, NOW)


def line(calls: int, failed: int = 0, ms: float = 5.0, config: str = "config-d-new") -> Any:
    return {
        "endpoint": KEY,
        "variant": "A",
        "config": config,
        "invocations": calls,
        "errors_4xx": 0,
        "errors_5xx": failed,
        "model_latency": {str(bucket_of(int(ms * 1000))): calls},
    }


def test_what_the_new_fleet_does_is_summed_up_and_judged(records: Records) -> None:
    watch, under_way = Watch(records, ManualClock()), endpoint(guards=["5xx<10%,p99<1s"])
    assert watch(under_way).complaint == ""

    watch.take([line(15, failed=1), line(1000, failed=1000, config="config-d-old")])
    watch.take([line(15, failed=0)])
    assert watch(under_way).complaint == ""
    watch.take([line(10, failed=8)])

    assert watch(under_way).complaint.startswith("5xx of the new version is 22.5%")
    report = watch.report(under_way)
    assert report is not None
    assert (report["measured"]["calls"], report["measured"]["errors_5xx"]) == (40, 9)
    assert report["measured"]["p50_ms"] == pytest.approx(5.0, rel=0.05)


def test_each_step_is_judged_by_itself(records: Records) -> None:
    watch = Watch(records, ManualClock())
    watch(endpoint(guards=["p99<100ms"]))
    watch.take([line(50, ms=900)])
    assert "p99 of the new version is" in watch(endpoint(guards=["p99<100ms"])).complaint

    assert watch(endpoint(step=1, guards=["p99<100ms"])).complaint == ""


def test_the_states_of_its_alarms_come_along(records: Records) -> None:
    where = (DEFAULT_ACCOUNT, REGION)
    put_alarm(records, *where, {"AlarmName": "there"}, NOW)

    signals = Watch(records, ManualClock())(endpoint(alarms=["there", "gone"]))

    assert signals.alarms == {"there": "INSUFFICIENT_DATA"}
    assert signals.at is not None


def test_the_watchs_time_does_not_jump_with_the_machines_clock(records: Records) -> None:
    clock = ManualClock(NOW)
    watch = Watch(records, clock)
    before = watch(endpoint()).at

    clock.advance(86_400)

    after = watch(endpoint()).at
    assert before is not None
    assert after is not None
    assert 0 <= after - before < 3600


def test_without_an_update_there_is_nothing_to_report(records: Records) -> None:
    watch = Watch(records, ManualClock())
    doc = document(deployment("d-live"))
    quiet = Record("endpoint", "1", REGION, "e", dict(doc), "InService", 1, NOW, NOW)
    plain = {**document(deployment("d-live"), deployment("d-new"))}
    updating = Record("endpoint", "1", REGION, "e", plain, "Updating", 1, NOW, NOW)

    assert watch.report(quiet) is None
    told = watch.report(updating)
    assert told is not None
    assert (told["from"], told["to"], told["phase"]) == (
        "config-d-live",
        "config-d-new",
        "growing",
    )


def test_what_a_shadow_does_is_no_callers_experience(records: Records) -> None:
    watch, under_way = Watch(records, ManualClock()), endpoint(guards=["5xx<10%"])
    shadow = {"name": "S", "weight": 1.0, "count": 1, "current_weight": 1.0, "current_count": 1}
    under_way.document["pending"]["variants"].append({**shadow, "shadow": True})
    watch(under_way)

    watch.take([line(30), {**line(30, failed=30), "variant": "S"}])

    assert watch(under_way).complaint == ""
