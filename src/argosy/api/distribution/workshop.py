"""What the routes of the distribution protocol work with."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argosy.ground.clock import Clock
from argosy.oci.blobs import Blobs
from argosy.oci.uploads import Uploads
from argosy.state.records import Records

T = TypeVar("T")

_THREADS = 16


class Workshop:
    """Records are used on the event loop; whatever blocks goes to threads of our own, so that
    large layers on their way to the store keep nobody else waiting."""

    def __init__(self, records: Records, blobs: Blobs, uploads: Uploads, clock: Clock) -> None:
        self.records = records
        self.blobs = blobs
        self.uploads = uploads
        self.clock = clock
        self.threads = ThreadPoolExecutor(_THREADS, "registry")

    def close(self) -> None:
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.blobs.close()

    async def blocking(self, call: Callable[[], T]) -> T:
        """The result of a call that blocks."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, call)
