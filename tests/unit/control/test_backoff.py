import pytest

from argosy.control.backoff import next_launch

NOW = 1000.0


@pytest.mark.parametrize(
    ("launched", "at"),
    [
        ([], NOW),
        ([999], NOW),
        ([990, 999], 1000),
        ([990, 995, 999], 1001),
        ([1, 2, 3, 999], NOW),
        ([999] * 30, 1059),
    ],
)
def test_pauses_double_from_the_second_recent_death_on(launched: list[float], at: float) -> None:
    assert next_launch(launched, NOW) == at
