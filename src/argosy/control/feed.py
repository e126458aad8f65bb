"""The feed to the edges: routing tables go out whole, acknowledgements, metrics and wants come in.

Lines of JSON over a Unix socket that the edges connect to. The table also lies on disk, so that an
edge which starts while control is away can serve.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from argosy.control.listening import listen
from argosy.ground.files import write_json
from argosy.ground.routes import RoutingTable

log = logging.getLogger(__name__)

_ACK_TIMEOUT_S = 2.0

Wanting = dict[str, Any]
"""{"endpoint": key in the table, "variant": its name or the component's, "waiting": requests}."""


class Feed:
    """Knows the connected edges and the last table."""

    def __init__(
        self,
        routes: Path,
        on_metrics: Callable[[dict[str, Any]], None],
        on_wanting: Callable[[list[Wanting]], None] = lambda _: None,
    ) -> None:
        """`on_wanting`: for what variants without an instance requests wait at an edge; told at
        once, and every second as long as they wait."""
        self._routes = routes
        self._on_metrics = on_metrics
        self._on_wanting = on_wanting
        self._table: RoutingTable | None = None
        self._edges: dict[asyncio.StreamWriter, int] = {}
        self._sources: dict[str, asyncio.StreamWriter] = {}
        self._acked = asyncio.Condition()
        self._server: asyncio.Server | None = None

    @property
    def edge_count(self) -> int:
        return len(self._edges)

    @property
    def table(self) -> RoutingTable | None:
        """What the edges were given last."""
        return self._table

    def took(self, source: str, line: int) -> None:
        """Tell an edge that its metrics up to this line are on disk."""
        writer = self._sources.get(source)
        if writer is not None:
            writer.write(json.dumps({"took": line}).encode() + b"\n")

    async def listen(self, path: Path) -> None:
        self._server = await listen(path, self._serve)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for edge in self._edges:
            edge.close()

    async def publish(self, table: RoutingTable) -> None:
        """Put the table on disk and in every connected edge; returns when they have taken it.

        An edge that does not answer within two seconds is passed over: it takes the table when it
        is back.
        """
        self._table = table
        write_json(self._routes, table, sync=False)
        for edge in self._edges:
            edge.write(_line(table))
        try:
            async with asyncio.timeout(_ACK_TIMEOUT_S), self._acked:
                await self._acked.wait_for(lambda: self._all_have(table["version"]))
        except TimeoutError:
            log.warning("an edge has not taken routing table %d in time", table["version"])

    def _all_have(self, version: int) -> bool:
        return all(acked >= version for acked in self._edges.values())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._edges[writer] = -1
        if self._table is not None:
            writer.write(_line(self._table))
        try:
            while line := await reader.readline():
                await self._take(writer, json.loads(line))
        except (OSError, ValueError) as error:
            log.warning("an edge's feed broke: %s", error)
        finally:
            self._edges.pop(writer, None)
            self._sources = {name: at for name, at in self._sources.items() if at is not writer}
            writer.close()
            async with self._acked:
                self._acked.notify_all()

    async def _take(self, writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
        if "metrics" in message:
            self._sources[message["source"]] = writer
            self._on_metrics(message)
        if "wanting" in message:
            self._on_wanting(message["wanting"])
        if "ack" in message:
            async with self._acked:
                self._edges[writer] = message["ack"]
                self._acked.notify_all()


def _line(table: RoutingTable) -> bytes:
    return json.dumps({"table": table}).encode() + b"\n"
