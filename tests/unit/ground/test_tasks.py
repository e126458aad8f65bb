"""Ending tasks that run for as long as their owner does."""

import asyncio

import pytest

from argosy.ground.tasks import cancel


def test_a_cancelled_task_has_ended_with_its_last_words() -> None:
    said = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            said.append("farewell")

    async def owner() -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        await cancel(task)

    asyncio.run(owner())
    assert said == ["farewell"]


def test_what_a_task_failed_with_is_told() -> None:
    async def work() -> None:
        raise RuntimeError("no disk")

    async def owner() -> None:
        task = asyncio.create_task(work())
        await asyncio.wait({task})
        await cancel(task)

    with pytest.raises(RuntimeError, match="no disk"):
        asyncio.run(owner())


def test_where_no_task_runs_there_is_nothing_to_end() -> None:
    asyncio.run(cancel(None))
