"""Changes of one turn of the loop: one commit, and an answer for each."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.errors import ValidationException
from argosy.state.records import AlreadyThere, Records
from argosy.state.together import Together


def making(records: Records, name: str) -> Callable[[], str]:
    return lambda: records.create("model", "1", "r", name, {}, now=1.0).name


def refusing() -> str:
    raise ValidationException("no")


def run(records: Records, *changes: Callable[[], Any]) -> list[Any]:
    """What becomes of changes that come at once; exceptions among it."""

    async def scene() -> list[Any]:
        together = Together(records.transactions)
        return await asyncio.gather(*map(together.run, changes), return_exceptions=True)

    return asyncio.run(scene())


def test_many_changes_are_one_commit(records: Records) -> None:
    commits: list[str] = []
    records.listen(commits.append)

    assert run(records, *(making(records, name) for name in "abc")) == ["a", "b", "c"]

    assert commits == ["model"]
    assert len(records.find("model")) == 3


def test_a_refusal_is_told_to_one_alone(records: Records) -> None:
    first, refused, last = run(records, making(records, "a"), refusing, making(records, "b"))

    assert (first, last) == ("a", "b")
    assert isinstance(refused, ValidationException)
    assert len(records.find("model")) == 2


def test_a_failure_undoes_all_and_is_told_to_all(records: Records) -> None:
    outcomes = run(records, making(records, "a"), making(records, "a"), making(records, "b"))

    assert [type(outcome) for outcome in outcomes] == [AlreadyThere] * 3
    assert records.find("model") == []


def test_what_comes_later_is_not_touched_by_a_failure(records: Records) -> None:
    async def scene() -> str:
        together = Together(records.transactions)
        with pytest.raises(AlreadyThere):
            await asyncio.gather(
                together.run(making(records, "a")), together.run(making(records, "a"))
            )
        return await together.run(making(records, "a"))

    assert asyncio.run(scene()) == "a"


def test_one_that_is_cancelled_in_time_is_not_carried_out(records: Records) -> None:
    async def scene() -> str:
        together = Together(records.transactions)
        gone = asyncio.create_task(together.run(making(records, "a")))
        other = asyncio.create_task(together.run(making(records, "b")))
        await asyncio.sleep(0)
        gone.cancel()
        return await other

    assert asyncio.run(scene()) == "b"
    assert [record.name for record in records.find("model")] == ["b"]
