"""Which jobs begin, and who takes over a warm pool."""

from typing import Any

from tests.support.control_builders import NOW, REGION
from tests.support.training_jobs import ACCOUNT, document, request, spot

from argosy.control.training.admission import admissions
from argosy.state.record import Record


def record(
    name: str, count: int = 1, asked: dict[str, Any] | None = None, **members: Any
) -> Record:
    asked = asked or request(name, resources={"InstanceCount": count})
    body = {**document(asked), **members}
    return Record("training-job", ACCOUNT, REGION, name, body, "", 1, NOW, NOW)


def pool(name: str, count: int = 1) -> Record:
    left = {"id": f"t-{name}", "status": "Available", "since": NOW}
    return record(name, count, warm_pool=left)


def names(found: Any) -> list[str]:
    return [name for _, _, name in found.admitted]


def test_jobs_begin_in_the_order_in_which_they_came_as_long_as_there_is_room() -> None:
    waiting = [record("a", 2), record("b", 1), record("c", 1)]
    assert names(admissions(waiting, 1, [], 4)) == ["a", "b"]


def test_a_big_job_is_not_overtaken_by_small_ones() -> None:
    assert names(admissions([record("big", 3), record("small")], 2, [], 4)) == []


def test_a_job_that_can_have_no_room_any_more_holds_back_nobody() -> None:
    assert names(admissions([record("big", 5), record("small")], 0, [], 4)) == ["small"]


def test_a_job_that_matches_a_pool_takes_it_over() -> None:
    kept, other = pool("kept", 2), pool("other", 1)
    found = admissions([record("a", 2)], 0, [other, kept], 8)
    assert [*found.admitted.values()] == [kept]
    assert found.yielding == []


def test_a_pool_holds_its_room_only_against_nobody_who_needs_it() -> None:
    kept = pool("kept", 2)
    assert admissions([record("a", 3)], 0, [kept], 5).yielding == []
    found = admissions([record("a", 3)], 0, [kept], 4)
    assert names(found) == ["a"]
    assert found.yielding == [kept]


def test_a_job_of_another_role_or_machine_and_a_spot_job_take_no_pool() -> None:
    others = [
        request(RoleArn="arn:aws:iam::000000000000:role/somebody"),
        request(resources={"VolumeSizeInGB": 6}),
        request(EnableNetworkIsolation=True),
        spot(),
    ]
    for asked in others:
        found = admissions([record("a", asked=asked)], 0, [pool("kept")], 8)
        assert [*found.admitted.values()] == [None]
