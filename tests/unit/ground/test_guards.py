"""Guards of a rollout: how they are written, and when they are violated."""

import re

import pytest

from argosy.ground.errors import ArgosyError
from argosy.ground.guards import USUAL_CALLS, Guard, Measured, parse


@pytest.mark.parametrize(
    ("text", "guards", "calls"),
    [
        ("", [], USUAL_CALLS),
        (
            "p99<100ms,5xx<1%",
            [Guard("p99", "<", 100.0), Guard("5xx", "<", 1.0)],
            USUAL_CALLS,
        ),
        (" P50 <= 0.25s , avg<900us ", [Guard("p50", "<=", 250), Guard("avg", "<", 0.9)], 20),
        ("errors<=0.5%, calls>=200", [Guard("errors", "<=", 0.5)], 200),
        ("p99.9<1s", [Guard("p99.9", "<", 1000)], USUAL_CALLS),
    ],
)
def test_guards_are_read(text: str, guards: list[Guard], calls: int) -> None:
    found = parse(text)

    assert (list(found.guards), found.calls) == (guards, calls)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("p99", "not a guard"),
        ("p99>100ms", "not a guard"),
        ("p99<100", "needs its unit"),
        ("p100<1s", "not a guard"),
        ("5xx<1ms", "in percent"),
        ("5xx<101%", "at most 100"),
        ("errors>=1%", "upper bound"),
        ("calls<5", "calls>=50"),
        ("calls>=0", "calls>=50"),
        ("latency<1s", "not a guard"),
        ("p99<100ms;5xx<1%", "not a guard"),
    ],
)
def test_what_is_no_guard_is_refused_by_its_part(text: str, named: str) -> None:
    with pytest.raises(ArgosyError, match=re.escape(named)):
        parse(text)


def measured(calls: int = 100, wrong: int = 0, failed: int = 0, ms: float = 10.0) -> Measured:
    return Measured(calls, wrong, failed, lambda share: ms if share is None else ms * share)


@pytest.mark.parametrize(
    ("text", "seen", "complaint"),
    [
        ("p99<100ms", measured(ms=100), ""),
        ("p99<100ms", measured(ms=200), "p99 of the new version is 198 ms, not < 100 ms (100"),
        ("p50<=50ms", measured(ms=100), ""),
        ("p50<50ms", measured(ms=100), "p50 of the new version is 50 ms, not < 50 ms"),
        ("avg<=10ms", measured(ms=10), ""),
        ("5xx<1%", measured(failed=1), "5xx of the new version is 1%, not < 1%"),
        ("5xx<=1%", measured(failed=1, wrong=50), ""),
        ("4xx<50%", measured(failed=1, wrong=50), "4xx of the new version is 50%"),
        ("errors<2%", measured(failed=1, wrong=1), "errors of the new version is 2%"),
        ("5xx<1%", measured(calls=19, failed=19), ""),
        ("5xx<1%,calls>=5", measured(calls=19, failed=19), "5xx of the new version is 100%"),
        ("p99<1ms,5xx<1%", Measured(calls=50, errors_5xx=50), "5xx of the new version is 100%"),
    ],
)
def test_a_complaint_names_the_guard_and_the_figure(
    text: str, seen: Measured, complaint: str
) -> None:
    said = parse(text).complaint(seen)

    assert said.startswith(complaint)
    assert bool(said) == bool(complaint)
