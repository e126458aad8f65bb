"""Waiting for a client that may go away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from argosy.api.asgi import ClientGone, while_there


class Client:
    """One that stays until it is told to go."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}


class Work:
    """Something to wait for; notes how it ended."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.ended = ""

    async def __call__(self) -> None:
        self.begun.set()
        try:
            await self.go_on.wait()
            self.ended = "done"
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # cleaning up takes a moment
            self.ended = "cancelled"
            raise


def played(scene: Callable[[Client, Work, asyncio.Task[None]], Awaitable[None]]) -> str:
    """How the work ended; raises what came of waiting for it."""

    async def play() -> str:
        client, work = Client(), Work()
        waiting = asyncio.ensure_future(while_there(work(), client.receive))
        await work.begun.wait()
        await scene(client, work, waiting)
        try:
            await waiting
        finally:
            assert work.ended
            await asyncio.sleep(0)
            assert asyncio.all_tasks() == {asyncio.current_task()}
        return work.ended

    return asyncio.run(play())


def test_a_client_that_stays_gets_what_it_waits_for() -> None:
    async def scene(client: Client, work: Work, waiting: asyncio.Task[None]) -> None:
        work.go_on.set()

    assert played(scene) == "done"


def test_when_the_client_goes_the_work_has_ended_before_that_is_told() -> None:
    async def scene(client: Client, work: Work, waiting: asyncio.Task[None]) -> None:
        client.left.set()

    with pytest.raises(ClientGone):
        played(scene)


def test_work_that_is_done_as_the_client_goes_is_done() -> None:
    async def scene(client: Client, work: Work, waiting: asyncio.Task[None]) -> None:
        work.go_on.set()
        client.left.set()

    assert played(scene) == "done"


def test_when_the_server_ends_the_call_the_work_ends_too() -> None:
    async def scene(client: Client, work: Work, waiting: asyncio.Task[None]) -> None:
        waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        played(scene)


def test_what_the_work_raises_is_raised() -> None:
    async def fail() -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        asyncio.run(while_there(fail(), Client().receive))
