"""The page that Prometheus reads, in its text form or as OpenMetrics, as the Accept header asks."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric

import argosy
from argosy.control.exposition.families import Shown, families
from argosy.control.exposition.processes import Usage, usage_of, usage_of_trees
from argosy.control.exposition.totals import Totals
from argosy.control.means import Means
from argosy.ground.files import read_json
from argosy.ground.routes import endpoint_key
from argosy.state import alarms


class Exposition:
    """`status`: what `argosy status` shows, as it is now."""

    def __init__(self, means: Means, status: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._means = means
        self._status = status
        self._totals = Totals()

    def take(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """What an edge tells of its fleets."""
        self._totals.take(lines)

    async def page(self, accept: str) -> tuple[str, bytes]:
        """(content type, body)."""
        report = await self._status()
        endpoints = report["endpoints"]
        self._totals.forget(endpoint_key(e["account"], e["region"], e["name"]) for e in endpoints)
        pids = [i["agent_pid"] for e in endpoints for v in e["variants"] for i in v["fleet"]]
        instances, processes = await asyncio.to_thread(self._usages, pids)
        shown = Shown(
            version=argosy.__version__,
            report=report,
            fleets=self._totals.fleets,
            instances=instances,
            processes=processes,
            alarms=[
                (record.account, record.region, record.name, record.status)
                for kind in alarms.KINDS
                for record in self._means.records.find(kind)
            ],
        )
        encoder, content_type = _encoder(accept)
        return content_type, encoder(_Collected(families(shown)))

    def _usages(self, pids: list[int]) -> tuple[dict[int, Usage], dict[tuple[str, str], Usage]]:
        """Of instances, by their agents' pids, and of the platform's own processes."""
        found = {name: usage_of(pid) for name, pid in self._processes().items() if pid}
        return (
            usage_of_trees(pid for pid in pids if pid),
            {name: usage for name, usage in found.items() if usage is not None},
        )

    def _processes(self) -> dict[tuple[str, str], int]:
        """(what it is, its number) → pid."""
        running = read_json(self._means.data_dir.running) or {}
        parts: dict[str, Any] = running.get("processes", {})
        found = {("control", "0"): os.getpid(), ("supervisor", "0"): running.get("pid") or 0}
        found["store", "0"] = parts.get("store") or 0
        for number, pid in enumerate(parts.get("edges", ())):
            found["edge", str(number)] = pid
        return found


def _encoder(accept: str) -> tuple[Callable[[Any], bytes], str]:
    try:
        return choose_encoder(accept)
    except ValueError:  # a version that is none
        return choose_encoder("")


class _Collected:
    """What an encoder takes."""

    def __init__(self, found: list[Metric]) -> None:
        self._found = found

    def collect(self) -> list[Metric]:
        return self._found
