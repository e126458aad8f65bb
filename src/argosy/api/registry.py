"""The registry of images within control: its protocol, and what cleans up behind it."""

import asyncio
from collections.abc import Awaitable, Callable

from argosy.api.distribution import Distribution
from argosy.api.distribution.workshop import Workshop
from argosy.ground.clock import Clock
from argosy.ground.instances import StoreAccess
from argosy.ground.paths import DataDir
from argosy.ground.tasks import cancel
from argosy.oci.blobs import Blobs
from argosy.oci.collecting import Collector
from argosy.oci.uploads import Uploads
from argosy.state.records import Records


class Registry:
    """The registry of one platform; `app` is its ASGI callable."""

    def __init__(
        self,
        records: Records,
        data_dir: DataDir,
        store: StoreAccess,
        clock: Clock,
        more: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`more`: cleans up what is unpacked of images."""
        uploads = Uploads(records, data_dir.uploads)
        self._workshop = Workshop(records, Blobs(store), uploads, clock)
        self.app = Distribution(self._workshop)
        self.collector = Collector(
            records, self._workshop.blobs, uploads, clock, self._workshop.threads, more
        )
        self._cleaning: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Clean up every hour from now on."""
        self._cleaning = asyncio.create_task(self.collector.run())

    async def stop(self) -> None:
        """End; uploads can be gone on with after the next start."""
        await cancel(self._cleaning)
        self._workshop.close()
