"""The feed over a real Unix socket, with a small edge made of a stream."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from argosy.control.feed import Feed
from argosy.ground.files import read_json
from argosy.ground.routes import RoutingTable


def table(version: int) -> RoutingTable:
    return {"version": version, "keys": {}, "endpoints": {}}


def run(tmp_path: Path, scenario: Callable[[Feed, Path], Awaitable[None]]) -> list:
    """Run a scenario against a listening feed; returns the metrics it took."""
    taken: list = []

    async def main() -> None:
        feed = Feed(tmp_path / "routes.json", taken.append)
        await feed.listen(tmp_path / "feed.sock")
        await scenario(feed, tmp_path / "feed.sock")
        await feed.close()

    asyncio.run(main())
    return taken


def test_publish_returns_once_every_edge_has_taken_the_table(tmp_path: Path) -> None:
    async def scenario(feed: Feed, socket: Path) -> None:
        await feed.publish(table(1))
        reader, writer = await asyncio.open_unix_connection(socket)
        first = json.loads(await reader.readline())
        publishing = asyncio.create_task(feed.publish(table(2)))
        second = json.loads(await reader.readline())
        pending = not publishing.done()
        writer.write(b'{"ack": 2}\n')
        await publishing
        writer.close()

        assert (first["table"]["version"], second["table"]["version"]) == (1, 2)
        assert pending

    run(tmp_path, scenario)
    assert read_json(tmp_path / "routes.json")["version"] == 2


def test_an_edge_that_goes_away_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async def scenario(feed: Feed, socket: Path) -> None:
        await feed.publish(table(1))
        reader, writer = await asyncio.open_unix_connection(socket)
        await reader.readline()
        publishing = asyncio.create_task(feed.publish(table(2)))
        await reader.readline()
        writer.close()
        await asyncio.wait_for(publishing, 1.0)

        assert feed.edge_count == 0

    run(tmp_path, scenario)


def test_metrics_reach_whoever_asked_for_them(tmp_path: Path) -> None:
    async def scenario(feed: Feed, socket: Path) -> None:
        reader, writer = await asyncio.open_unix_connection(socket)
        writer.write(b'{"metrics": [], "source": "me", "line": 3, "at": 1}\n{"ack": 0}\n')
        await writer.drain()
        publishing = asyncio.create_task(feed.publish(table(0)))
        await reader.readline()
        await publishing
        feed.took("me", 3)
        assert json.loads(await reader.readline()) == {"took": 3}
        writer.close()

    assert run(tmp_path, scenario) == [{"metrics": [], "source": "me", "line": 3, "at": 1}]
