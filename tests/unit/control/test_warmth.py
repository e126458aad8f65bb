"""How many warm workers are kept beyond the usual ones."""

from typing import Any

import pytest
from tests.support.control_builders import REGION, deployment, document

from argosy.control.warmth import limits_of, more_spares
from argosy.state.records import Record
from argosy.state.scaling import POLICY, STEP, TARGET, TRACKING

ACCOUNT = "000000000000"
RESOURCE = "endpoint/e/variant/A"


def record(kind: str, name: str, content: dict[str, Any]) -> Record:
    return Record(kind, ACCOUNT, REGION, name, content, "", 1, 0.0, 0.0)


def target(most: int) -> Record:
    return record(TARGET, RESOURCE, {"most": most})


def policy(kind: str = TRACKING) -> Record:
    return record(POLICY, RESOURCE + "|p", {"type": kind, "resource_id": RESOURCE})


@pytest.mark.parametrize(
    ("count", "most", "more"), [(1, 1, 0), (1, 2, 0), (1, 3, 1), (1, 9, 2), (3, 4, 0), (0, 9, 0)]
)
def test_there_are_as_many_as_the_next_scale_out_may_take(count: int, most: int, more: int) -> None:
    endpoint = record("endpoint", "e", dict(document(live=deployment(A=count))))
    limits = limits_of([target(most)], [policy()], 1.0)
    assert more_spares([endpoint], limits)["sklearn"] == more


@pytest.mark.parametrize(("kind", "period"), [(TRACKING, 60.0), (STEP, 1.0)])
def test_who_counts_in_minutes_or_tracks_nothing_keeps_the_usual_ones(
    kind: str, period: float
) -> None:
    assert limits_of([target(9)], [policy(kind)], period) == {}
