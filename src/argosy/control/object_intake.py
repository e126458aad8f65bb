"""Where edges tell of objects that clients wrote: written down, then acknowledged.

What comes at the same moment is one commit. The size of an object that came as a copy, in parts or
as a form is asked of the store first, and so is whether a removal that the answer did not name made
a marker. See `edge/object_line.py` for the lines.
"""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

from argosy.control.listening import listen
from argosy.control.means import Means
from argosy.objects.client import ObjectStore
from argosy.objects.errors import StoreError
from argosy.objects.uri import S3Uri
from argosy.state.object_events import BUCKET_NOTIFICATION, BUCKET_REMOVED, Asker, happened
from argosy.state.together import Together

log = logging.getLogger(__name__)

MARKER = "ObjectRemoved:DeleteMarkerCreated"


class ObjectIntake:
    """Listens on run/objects.sock."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._together = Together(means.records.transactions)
        self._server: asyncio.Server | None = None
        self._edges: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, path: Path) -> None:
        self._server = await listen(path, self._serve)

    async def close(self) -> None:
        """Idempotent."""
        if self._server is not None:
            self._server.close()
        for edge in self._edges:
            edge.close()
        for task in list(self._tasks):
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._edges.add(writer)
        try:
            while line := await reader.readline():
                task = asyncio.create_task(self._answer(json.loads(line), writer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except (OSError, ValueError) as error:
            log.warning("an edge's line broke: %r", error)
        finally:
            self._edges.discard(writer)
            writer.close()

    async def _answer(self, message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        try:
            await self._take(message)
            answer: dict[str, Any] = {"done": message["id"]}
        except Exception:
            log.exception("what happened in %s could not be written down", message.get("bucket"))
            why = "What has happened could not be written down."
            answer = {"failed": message.get("id"), "why": why}
        if not writer.is_closing():
            writer.write(json.dumps(answer).encode() + b"\n")

    async def _take(self, message: dict[str, Any]) -> None:
        """Returns once it is durable."""
        events, bucket = message["events"], message["bucket"]
        for event in events:
            if event["size"] is None and event["name"].startswith("ObjectCreated:"):
                event["size"] = await asyncio.to_thread(self._size_of, bucket, event["key"])
        if any(event.get("unsure") for event in events):
            marks = await asyncio.to_thread(self._keeps_versions, bucket)
            events = [_sure(event, marks) for event in events]
        asker = Asker(**message["asker"])

        def write() -> None:
            for event in events:
                if event["name"] == BUCKET_REMOVED:
                    self._means.records.delete(BUCKET_NOTIFICATION, message["account"], "", bucket)
                    continue
                happened(
                    self._means.records,
                    message["account"],
                    bucket,
                    event["key"],
                    event["name"],
                    event["size"],
                    event["etag"],
                    self._means.clock.now(),
                    version_id=event["version_id"],
                    asker=asker,
                )

        await self._together.run(write)

    def _size_of(self, bucket: str, key: str) -> int | None:
        """None when it is gone already, or the store does not answer."""
        store = ObjectStore(self._means.store)
        try:
            return store.head(S3Uri(bucket, key)).size
        except (StoreError, OSError):
            return None
        finally:
            store.close()

    def _keeps_versions(self, bucket: str) -> bool:
        """False where the store does not answer."""
        store = ObjectStore(self._means.store)
        try:
            return store.keeps_versions(bucket)
        except (StoreError, OSError):
            return False
        finally:
            store.close()


def _sure(event: dict[str, Any], marks: bool) -> dict[str, Any]:
    """A removal of a bucket that keeps versions, which makes a marker where it names none."""
    return {**event, "name": MARKER} if event.get("unsure") and marks else event
