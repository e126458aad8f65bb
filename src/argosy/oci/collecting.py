"""Collects what repositories have no use for any more: hourly, and harmless at any time.

In this order: images that a lifecycle policy lets go; links to layers that no image has named for
a day; objects that no link names; uploads that have not grown for a day.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from argosy.ground.clock import Clock
from argosy.objects.errors import StoreError
from argosy.oci import images, layers, lifecycle
from argosy.oci.blobs import Blobs
from argosy.oci.lifecycle import Pushed
from argosy.oci.names import Owner
from argosy.oci.repositories import IMAGE, KIND, LAYER
from argosy.oci.uploads import Uploads
from argosy.state.records import Record, Records

EVERY_S = 3600.0
_DAY_S = 86_400.0

T = TypeVar("T")

log = logging.getLogger(__name__)


class Collector:
    """One for a platform. `threads` are for what blocks."""

    def __init__(
        self,
        records: Records,
        blobs: Blobs,
        uploads: Uploads,
        clock: Clock,
        threads: Executor,
        more: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`more`: cleans up elsewhere, at the same time."""
        self._more = more
        self._records = records
        self._blobs = blobs
        self._uploads = uploads
        self._clock = clock
        self._threads = threads

    async def run(self) -> None:
        """Collect every hour until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.collect()
            except Exception:
                log.exception("the registry could not be cleaned up; trying again in an hour")

    async def collect(self) -> None:
        """Once. Raises StoreError, OSError."""
        now = self._clock.now()
        for repository in self._records.find(KIND):
            self._expire(repository, now)
        self._unlink(now - _DAY_S)
        self._uploads.collect(now - _DAY_S)
        await self._delete_objects()
        if self._more is not None:
            await self._more()

    def _expire(self, repository: Record, now: float) -> None:
        """Apply the repository's lifecycle policy. Images that an index names stay."""
        text = repository.document["lifecycle"]
        if not text:
            return
        owner, name = Owner(repository.account, repository.region), repository.name
        tagged = images.tags(self._records, owner, name)
        pushed = [
            Pushed(
                images.digest_of(image),
                tuple(t for t, digest in tagged.items() if digest == images.digest_of(image)),
                image.modified,
            )
            for image in images.all_images(self._records, owner, name)
        ]
        with self._records.transaction():
            for digest in lifecycle.expired(lifecycle.rules(text), pushed, now):
                if not images.indexes_with(self._records, owner, name, digest):
                    images.remove(self._records, owner, name, digest)
            document = {**repository.document, "evaluated": now}
            self._records.update(repository, now=now, document=document, touch=False)

    def _unlink(self, before: float) -> None:
        """Remove links not used since `before` by anybody or any image."""
        named = {
            (image.account, image.region, image.name.partition("@")[0], digest)
            for image in self._records.find(IMAGE)
            for digest in image.document["blobs"]
        }
        for link in self._records.find(LAYER):
            repository, _, digest = link.name.partition("@")
            owner = Owner(link.account, link.region)
            if link.modified < before and (*owner, repository, digest) not in named:
                layers.unlink(self._records, owner, repository, digest)

    async def _delete_objects(self) -> None:
        for owner in await self._blocking(self._blobs.owners):
            stored = await self._blocking(partial(self._blobs.digests, owner))
            for digest in set(stored) - self._linked(owner):
                async with self._blobs.lock(owner, digest):
                    if digest not in self._linked(owner):
                        await self._delete(owner, digest)

    async def _delete(self, owner: Owner, digest: str) -> None:
        try:
            await self._blocking(partial(self._blobs.delete, owner, digest))
        except StoreError as error:
            log.warning("a layer could not be removed: %s", error)

    def _linked(self, owner: Owner) -> set[str]:
        """Digests that some repository holds."""
        return {link.name.rpartition("@")[2] for link in self._records.find(LAYER, *owner)}

    async def _blocking(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
