"""Which instance is asked for a model."""

from collections import Counter

import pytest

from argosy.edge.choose import BUSY_INSTANCE, BUSY_MODEL, Standing, for_model, homes

NAMES = ["i-1", "i-2", "i-3"]
COLD, AWAY = Standing(True, 0, None), Standing(False, 0, None)


def warm(load: int, ready: bool = True) -> Standing:
    return Standing(ready, load, load)


def test_every_edge_finds_the_same_home_and_models_are_spread_over_all() -> None:
    first = Counter(homes(f"{n}.tar.gz".encode(), NAMES)[0] for n in range(900))
    assert all(abs(first[index] - 300) < 100 for index in range(3))
    assert homes(b"a", NAMES) == homes(b"a", list(NAMES))


def test_a_new_instance_takes_over_no_more_than_its_share() -> None:
    targets = [f"{n}.tar.gz".encode() for n in range(400)]
    before = [NAMES[homes(target, NAMES)[0]] for target in targets]
    more = [*NAMES, "i-4"]
    after = [more[homes(target, more)[0]] for target in targets]
    moved = [name for name, other in zip(after, before, strict=True) if name != other]
    assert set(moved) == {"i-4"}
    assert len(moved) < 200


@pytest.mark.parametrize(
    ("standings", "chosen"),
    [
        ([], None),
        ([AWAY, AWAY], None),
        ([COLD, COLD], 0),
        ([AWAY, COLD], 1),
        ([COLD, warm(5)], 1),
        ([warm(BUSY_MODEL), COLD], 1),
        ([warm(BUSY_MODEL), warm(3)], 1),
        ([warm(3, ready=False), warm(4)], 1),
        ([warm(90), warm(80)], 1),
        ([Standing(True, BUSY_INSTANCE, None), COLD], 1),
        ([Standing(True, 400, None), Standing(True, 300, None)], 1),
        ([warm(1000), Standing(True, 1000, None)], None),
    ],
)
def test_a_model_is_called_where_it_is_warm_and_not_too_busy(
    standings: list[Standing], chosen: int | None
) -> None:
    assert for_model(standings, limit=1000) == chosen
