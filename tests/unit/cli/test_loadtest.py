"""What a load test says of what was measured."""

import pytest

from argosy.cli.loadtest_chart import Point, chart, save
from argosy.cli.loadtest_policy import Resource
from argosy.cli.loadtest_report import Report
from argosy.load.finding import Found
from argosy.load.goal import Goal
from argosy.load.measured import Measured

GOAL = Goal(99, 100)


def measured(rate: float, p99: float, **more: object) -> Measured:
    given = {"seconds": 3.0, "requests": int(rate * 3), "answered": int(rate * 3), **more}
    return Measured(offered=rate, latency_ms={"50": 1.0, "99": p99}, **given)  # type: ignore[arg-type]


def report(instances: int = 2, rate: float = 1000.0, *, confirmed: bool = True) -> Report:
    made = Report(Resource("e", "Blue", "", instances), GOAL, 0.5)
    made.found = Found(GOAL, rate=rate, confirmed=confirmed)
    made.measured = [measured(2000, 400), measured(500, 20), measured(1000, 80)]
    return made


def test_the_formula_is_that_of_one_instance_with_its_numbers() -> None:
    made = report()
    assert made.per_instance == 500
    assert made.target_value == 15_000
    assert made.formula().splitlines() == [
        "SageMakerVariantInvocationsPerInstance = MAX_RPS × SAFETY_FACTOR × 60",
        "    = 500.0 × 0.5 × 60 = 15000",
    ]


def test_what_makes_the_figure_doubtful_is_said() -> None:
    assert report().caveats() == []
    assert "not confirmed" in " ".join(report(confirmed=False).caveats()).replace(
        "before it was confirmed", "not confirmed"
    )
    changed = report()
    changed.close(Resource("e", "Blue", "", 3))
    assert "2 instances in the beginning and 3 in the end" in changed.caveats()[0]


def test_a_component_is_scaled_by_copies() -> None:
    resource = Resource("e", "Blue", "part", 1)
    assert resource.id == "inference-component/part"
    assert resource.dimension == "sagemaker:inference-component:DesiredCopyCount"
    assert resource.metric == "SageMakerInferenceComponentInvocationsPerCopy"


def test_the_chart_has_every_load_and_the_limit() -> None:
    lines = chart(report().points(), 100.0, width=60)
    drawn = "\n".join(lines)
    assert drawn.count("●") == 3  # two loads, and the legend
    assert drawn.count("×") == 2
    assert "┄" in drawn
    assert "2,000 requests/s" in drawn
    assert all(len(line) <= 60 for line in lines[:-1])


def test_one_load_alone_can_be_drawn(tmp_path) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("matplotlib")
    one = [Point(10, 1, 2, good=True)]
    assert chart(one, None)
    save(one, GOAL, 10, "e", tmp_path / "one.png")
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
