"""The work socket: porters' links against control's hub, over a real Unix socket."""

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from argosy.agent.porter.link import Link
from argosy.control.work import Hub, Porter

HELLO = {
    "instance": "i-1",
    "owner": "endpoint/e",
    "account": "000000000000",
    "region": "us-east-1",
    "variant": "v",
    "work": {"kind": "async", "concurrency": 2},
    "holding": ["r-1"],
}


class Desk:
    """Remembers what it was told; `happened` after everything."""

    def __init__(self) -> None:
        self.porters: list[Porter] = []
        self.told_of: list[Any] = []
        self.gone = 0
        self.stumbles = 0
        self.happened = asyncio.Condition()

    def joined(self, porter: Porter) -> None:
        self.porters.append(porter)
        self._ring()

    def told(self, porter: Porter, message: dict[str, Any]) -> None:
        if self.stumbles:
            self.stumbles -= 1
            raise OSError("the disk is full")
        self.told_of.append(message)
        self._ring()

    def left(self, porter: Porter) -> None:
        self.gone += 1
        self._ring()

    def _ring(self) -> None:
        async def notify() -> None:
            async with self.happened:
                self.happened.notify_all()

        self._task = asyncio.ensure_future(notify())

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30), self.happened:
            await self.happened.wait_for(condition)


def run(
    tmp_path: Path, scenario: Callable[[Desk, Hub, Link, queue.SimpleQueue], Awaitable[None]]
) -> None:
    """Run a scenario with a hub that listens and a link that connects to it."""
    path = tmp_path / "work.sock"
    link, heard = Link(path), queue.SimpleQueue[Any]()
    thread = threading.Thread(target=link.run, args=(lambda: dict(HELLO), heard.put))

    async def main() -> None:
        desk = Desk()
        hub = Hub({"async": desk})
        await hub.listen(path)
        thread.start()
        await desk.until(lambda: len(desk.porters) == 1)
        await scenario(desk, hub, link, heard)
        await hub.close()

    try:
        asyncio.run(main())
    finally:
        link.close()
        thread.join()


def test_a_porter_is_known_by_its_hello_and_hears_what_it_is_sent(tmp_path: Path) -> None:
    async def scenario(desk: Desk, hub: Hub, link: Link, heard: queue.SimpleQueue) -> None:
        porter = desk.porters[0]
        assert (porter.instance, porter.hello["holding"]) == ("i-1", ["r-1"])
        porter.send({"take": {"id": "r-2"}})
        link.tell({"done": {"id": "r-1"}})
        await desk.until(lambda: desk.told_of == [{"done": {"id": "r-1"}}])
        porter.send({"acked": ["r-1"]})
        told = [await asyncio.to_thread(heard.get, timeout=30) for _ in range(3)]
        assert told == [{"connected": True}, {"take": {"id": "r-2"}}, {"acked": ["r-1"]}]
        link.close()
        await desk.until(lambda: desk.gone == 1)

    run(tmp_path, scenario)


def test_what_is_not_acknowledged_is_said_again_on_the_next_connection(tmp_path: Path) -> None:
    async def scenario(desk: Desk, hub: Hub, link: Link, heard: queue.SimpleQueue) -> None:
        link.report("r-1", {"done": 1})
        link.report("r-2", {"done": 2})
        await desk.until(lambda: len(desk.told_of) == 2)
        link.acknowledged(["r-1"])
        desk.porters[0].close()
        await desk.until(lambda: len(desk.porters) == 2 and len(desk.told_of) == 3)
        assert desk.told_of[2:] == [{"done": 2}]
        assert link.owes
        link.acknowledged(["r-2"])
        assert not link.owes

    run(tmp_path, scenario)


def test_a_desk_that_stumbles_is_told_again(tmp_path: Path) -> None:
    async def scenario(desk: Desk, hub: Hub, link: Link, heard: queue.SimpleQueue) -> None:
        desk.stumbles = 1
        link.report("r-1", {"done": 1})
        await desk.until(lambda: desk.told_of == [{"done": 1}])
        assert desk.gone == 1
        assert len(desk.porters) == 2

    run(tmp_path, scenario)


def test_a_porter_that_stumbles_over_what_it_is_told_connects_again(tmp_path: Path) -> None:
    stumbles = iter([True])

    def told(message: dict[str, Any]) -> None:
        if "task" in message and next(stumbles, False):
            raise KeyError("id")

    async def main() -> None:
        desk = Desk()
        hub = Hub({"async": desk})
        await hub.listen(tmp_path / "work.sock")
        link = Link(tmp_path / "work.sock")
        thread = threading.Thread(target=link.run, args=(lambda: dict(HELLO), told))
        thread.start()
        await desk.until(lambda: len(desk.porters) == 1)
        desk.porters[0].send({"task": "unheard of"})
        await desk.until(lambda: len(desk.porters) == 2)
        await hub.close()
        link.close()
        await asyncio.to_thread(thread.join)

    asyncio.run(main())


def test_reports_made_while_control_is_away_arrive_when_it_is_back(tmp_path: Path) -> None:
    async def scenario(desk: Desk, hub: Hub, link: Link, heard: queue.SimpleQueue) -> None:
        await hub.close()
        await desk.until(lambda: desk.gone == 1)
        link.report("r-1", {"done": 1})
        await hub.listen(tmp_path / "work.sock")
        await desk.until(lambda: desk.told_of == [{"done": 1}])

    run(tmp_path, scenario)
