"""Receivers that wait: woken in turn, and no wake is lost with one that goes away."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from argosy.messaging.waiting import Waiting


async def started(*waits: Coroutine[Any, Any, None]) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(wait) for wait in waits]
    await asyncio.sleep(0)
    return tasks


def done(tasks: list[asyncio.Task[None]]) -> list[bool]:
    return [task.done() for task in tasks]


async def turns() -> None:
    """Let everything run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_those_that_wait_longest_are_woken_first() -> None:
    async def scene() -> None:
        waiting = Waiting()
        tasks = await started(*(waiting.sleep("q", 0, 60) for _ in range(3)))

        waiting.wake("q")
        await turns()

        assert done(tasks) == [True, False, False]
        waiting.close()
        await turns()
        assert done(tasks) == [True, True, True]

    asyncio.run(scene())


def test_only_receivers_of_the_marked_queue_are_woken() -> None:
    async def scene() -> None:
        waiting = Waiting()
        tasks = await started(waiting.sleep("a", 0, 60), waiting.sleep("b", 0, 60))

        waiting.mark("b")
        waiting.ring()
        await turns()

        assert done(tasks) == [False, True]
        waiting.close()
        await asyncio.gather(*tasks)

    asyncio.run(scene())


def test_one_that_is_cancelled_when_it_was_just_woken_wakes_the_next() -> None:
    async def scene() -> None:
        waiting = Waiting()
        tasks = await started(waiting.sleep("q", 0, 60), waiting.sleep("q", 0, 60))

        waiting.wake("q")
        tasks[0].cancel()
        await turns()

        assert tasks[0].cancelled()
        assert done(tasks) == [True, True]

    asyncio.run(scene())


def test_one_that_is_cancelled_in_its_sleep_leaves_its_turn_to_others() -> None:
    async def scene() -> None:
        waiting = Waiting()
        tasks = await started(waiting.sleep("q", 0, 60), waiting.sleep("q", 0, 60))
        tasks[0].cancel()
        await turns()

        waiting.wake("q")
        await turns()

        assert done(tasks) == [True, True]

    asyncio.run(scene())


def test_a_sleep_ends_by_itself() -> None:
    async def scene() -> None:
        await asyncio.wait_for(Waiting().sleep("q", 0, 0.01), 30)

    asyncio.run(scene())


def test_a_change_before_going_to_sleep_is_not_slept_through() -> None:
    async def scene() -> None:
        waiting = Waiting()
        seen = waiting.changes("q")

        waiting.mark("q")
        waiting.ring()

        await asyncio.wait_for(waiting.sleep("q", seen, 1000), 30)

    asyncio.run(scene())
