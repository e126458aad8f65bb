"""Warm pools: room that is kept for the next job, and the folder that goes with it.

A pool is written down in the record of the job that left it. Which jobs have one is remembered, and
found out anew when control starts.
"""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from argosy.control.training.admission import Key, key_of
from argosy.ground.removal import remove_tree
from argosy.state import job_statuses
from argosy.state import training_jobs as jobs
from argosy.state.record import Record
from argosy.state.records import Records, Stale
from argosy.state.training_jobs import TRAINING_JOB

log = logging.getLogger(__name__)


class Pools:
    """The pools that are available."""

    def __init__(self, records: Records, root: Path) -> None:
        """root: where pools' folders lie."""
        self._records = records
        self._root = root
        self._known: set[Key] | None = None

    async def available(self, now: float) -> list[Record]:
        """Jobs with an available pool, that of the oldest first. Those whose time is over end."""
        found = []
        for key in sorted(await self._keys()):
            job = self._records.get(TRAINING_JOB, *key)
            if job is None or _status(job) != jobs.AVAILABLE:
                self._keys_known().discard(key)
            elif now >= ends_at(job):
                await self.end(job, now)
            else:
                found.append(job)
        return sorted(found, key=lambda job: job.document["warm_pool"]["since"])

    def note(self, job: Record) -> None:
        """The job has left a pool."""
        self._keys_known().add(key_of(job))

    async def end(self, job: Record, now: float) -> None:
        """Nobody will use it."""
        try:
            self.close(job, jobs.TERMINATED, now)
        except Stale:
            return
        await self.remove(job.document["warm_pool"]["id"])

    def close(self, job: Record, status: str, now: float, reused_by: str = "") -> None:
        """Write down that the pool is not available any more; raises Stale."""
        pool = job.document["warm_pool"]
        closed: dict[str, Any] = {**pool, "status": status, "retained_s": now - pool["since"]}
        if reused_by:
            closed["reused_by"] = reused_by
        document = {**job.document, "warm_pool": closed}
        self._records.update(job, now=now, document=document, touch=False)

    def make(self, pool_id: str, hosts: Iterable[str]) -> None:
        """Make the pool's folder, and one for each host in it. Raises OSError."""
        for host in hosts:
            (self._root / pool_id / host).mkdir(mode=0o700, parents=True, exist_ok=True)

    async def remove(self, pool_id: str) -> None:
        """Remove the pool's folder."""
        if pool_id:
            await asyncio.to_thread(remove_tree, self._root / pool_id)

    async def reset(self) -> None:
        """Forget all pools and remove what they kept."""
        self._known = set()
        await self._sweep(set())

    async def _keys(self) -> set[Key]:
        if self._known is None:
            finished = self._records.find(TRAINING_JOB, statuses=job_statuses.FINISHED)
            left = [job for job in finished if _status(job) == jobs.AVAILABLE]
            self._known = {key_of(job) for job in left}
            await self._sweep({job.document["warm_pool"]["id"] for job in left})
        return set(self._known)

    def _keys_known(self) -> set[Key]:
        """Those that are remembered; before the first pass, which finds all, that is nothing."""
        return set() if self._known is None else self._known

    async def _sweep(self, kept: set[str]) -> None:
        """Folders that nobody will use, left behind when control died."""
        running = self._records.find(TRAINING_JOB, statuses=job_statuses.UNFINISHED)
        used = kept | {job.document.get("pool", "") for job in running}
        used |= {(job.document["run"] or {}).get("pool", "") for job in running}
        folders = list(self._root.iterdir()) if self._root.is_dir() else []
        for folder in folders:
            if folder.name not in used:
                await self.remove(folder.name)


def ends_at(job: Record) -> float:
    """When its pool is over, epoch seconds."""
    seconds = job.document["asked"]["ResourceConfig"].get("KeepAlivePeriodInSeconds") or 0
    return float(job.document["warm_pool"]["since"]) + float(seconds)


def _status(job: Record) -> str:
    return str((job.document.get("warm_pool") or {}).get("status", ""))
