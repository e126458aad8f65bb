"""Scaling as users know it: real load, real instances, no failed call."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from argosy.testing import Platform
from support.endpoints import ROWS, classifier, deploy, load, model_archive, predict
from support.scaling import activities, track, until_instances, what

MODEL = classifier()
EXPECTED = MODEL.predict(ROWS).tolist()


@pytest.fixture(scope="module")
def quick() -> Iterator[Platform]:
    """A platform whose rules count in seconds."""
    with Platform(scaling_period=1) as running:
        yield running


def test_a_rush_is_met_by_more_instances_and_calm_by_none_without_a_failed_call(
    quick: Platform,
) -> None:
    deploy(quick, "rush", model_archive(MODEL))
    track(quick, "rush", 0, 3, TargetValue=300.0, ScaleInCooldown=1, ScaleOutCooldown=1)

    with load(quick, "rush", MODEL, clients=2) as calls:
        until_instances(quick, "rush", 3)
        calls.more(50)
    runtime = quick.client("sagemaker-runtime")
    calm = predict(runtime, "rush", ROWS)
    until_instances(quick, "rush", 0)

    assert calls.failures == []
    assert calm == EXPECTED == predict(runtime, "rush", ROWS)
    *_, first = activities(quick, "rush")
    assert first["StatusCode"] == "Successful"
    assert first["Cause"].startswith("monitor alarm TargetTracking-endpoint/rush/variant/")
    assert first["Cause"].endswith("in state ALARM triggered policy track")


def test_a_scheduled_action_comes_at_its_time(quick: Platform) -> None:
    deploy(quick, "timed", model_archive(MODEL))
    scaling = quick.client("application-autoscaling")
    scaling.register_scalable_target(**what("timed"), MinCapacity=1, MaxCapacity=2)
    soon = datetime.now(UTC) + timedelta(seconds=3)
    scaling.put_scheduled_action(
        **what("timed"),
        ScheduledActionName="opening",
        Schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 2},
    )

    until_instances(quick, "timed", 2)

    causes = [one["Cause"] for one in activities(quick, "timed")]
    assert causes == [
        "minimum capacity was set to 2",
        "scheduled action name opening was triggered",
    ]
