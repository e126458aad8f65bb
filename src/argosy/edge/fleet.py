"""The links an edge keeps: those of the table it serves, of the one it is about to, and old ones.

A new table is served only when its instances are connected, or after a second: so that a change
of fleets costs no request.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator

from argosy.edge.compiling import compile_table
from argosy.edge.library import LibraryLink
from argosy.edge.link import Link
from argosy.edge.metrics import Metrics
from argosy.edge.table import Table, Variant
from argosy.ground.routes import RoutingTable

log = logging.getLogger(__name__)

PATIENCE_S = 1.0


class Fleet:
    """Turns routing tables into links and hands the table over when they stand."""

    def __init__(
        self, metrics: Metrics, serve: Callable[[Table], None], on_ready: Callable[[], None]
    ) -> None:
        """`on_ready`: called when an instance is connected."""
        self._metrics = metrics
        self._serve = serve
        self._on_ready = on_ready
        self._links: dict[tuple[str, str], Link] = {}
        self._next: Table | None = None
        self._awaited: set[Link] = set()
        self._draining: set[Link] = set()
        self._timer: asyncio.TimerHandle | None = None

    def take(self, raw: RoutingTable) -> None:
        """Connect to everything in the table, then serve it. A table that cannot be read is
        left alone: what serves goes on serving."""
        try:
            table = compile_table(raw, self._link, self._metrics)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.error("a routing table cannot be read: %r", error)
            return
        self._next = table
        self._awaited = {link for link in links_of(table) if not link.ready}
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(PATIENCE_S, self._hand_over)
        self._check()

    def _link(self, instance_id: str, address: str, many_models: bool) -> Link:
        name = (instance_id, address)
        link = self._links.get(name)
        if link is None:
            if not address.startswith("unix:"):
                raise ValueError(f"no way to connect to {address!r}")
            kind = LibraryLink if many_models else Link
            link = self._links[name] = kind(*name, self._connected)
            link.connect()
        return link

    def _connected(self) -> None:
        self._check()
        self._on_ready()

    def _check(self) -> None:
        if self._next is not None and all(link.ready for link in self._awaited):
            self._hand_over()

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        table, self._next, self._awaited = self._next, None, set()
        if table is None:
            return
        self._serve(table)
        wanted = set(links_of(table))
        for name in [name for name, link in self._links.items() if link not in wanted]:
            link = self._links.pop(name)
            link.drain()
            self._draining.add(link)
        self._metrics.keep({c for v in variants_of(table) for c in v.every_counters()})

    def sweep(self, now: float) -> None:
        """Let go of calls that wait too long; `now` is perf_counter()."""
        self._draining = {link for link in self._draining if link.load}
        for link in (*self._links.values(), *self._draining):
            link.sweep(now)


def variants_of(table: Table) -> Iterator[Variant]:
    """All of them, shadows too."""
    for endpoint in table.endpoints.values():
        for variant in endpoint.variants:
            yield from variant.with_shadow()


def links_of(table: Table) -> Iterator[Link]:
    for variant in variants_of(table):
        yield from variant.every_link()
