"""ISO 8601 durations."""

import pytest

from argosy.ground.durations import BadDuration, parse


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("-PT1H", -3600),
        ("PT0H", 0),
        ("P1D", 86_400),
        ("-P1DT2H30M", -(86_400 + 9_000)),
        ("PT1.5S", 1.5),
        ("P2W", 1_209_600),
    ],
)
def test_a_duration_is_so_many_seconds(text: str, seconds: float) -> None:
    assert parse(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "1H", "P1Y", "PT1.2.3S", "P9999D", "PT-1H", "P1H"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadDuration):
        parse(text)
