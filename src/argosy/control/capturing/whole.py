"""The one thread that uploads what the edges captured.

It looks at their folder every second. While the store is away files stay; those of a bucket that is
not there, or that refuses them, are tried again for an hour and then dropped, with a line in the
log. Nothing is remembered but what lies in the folder.
"""

import asyncio
import logging
import threading
import time
from pathlib import Path

from argosy.control.capturing import spooled
from argosy.control.capturing.uploading import upload
from argosy.control.means import Means
from argosy.objects.client import ObjectStore
from argosy.objects.errors import StoreAway, StoreError

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
_PATIENCE_S = 2.0
_FIRST_PAUSE_S = 2.0
_LONGEST_PAUSE_S = 60.0
_TRIED_FOR_S = 3600.0


class DataCapture:
    """Uploads until `stop`."""

    def __init__(self, means: Means) -> None:
        self._folder = means.data_dir.captures
        self._store = ObjectStore(means.store, patience_s=_PATIENCE_S, connections=1)
        self._own_keys = bool(means.settings.s3_endpoint)
        self._ended = threading.Event()
        self._busy = threading.Lock()
        self._paused: dict[str, tuple[float, float]] = {}
        """Name of a file → when to try it again, and how long to pause then."""
        self._thread = threading.Thread(target=self._run, name="capturing", daemon=True)

    def start(self) -> None:
        self._thread.start()

    async def stop(self) -> None:
        """What is not uploaded yet is, by the next process."""
        self._ended.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)
        self._store.close()

    def reset(self) -> None:
        """Remove what was captured and is not uploaded."""
        with self._busy:
            for path in self._folder.iterdir():
                path.unlink(missing_ok=True)
            self._paused.clear()

    def _run(self) -> None:
        while not self._ended.wait(_LOOK_EVERY_S):
            try:
                self.look()
            except Exception:
                log.exception("captured requests could not be uploaded")

    def look(self) -> None:
        """One pass over the folder."""
        files = spooled.ready(self._folder)
        names = {path.stem for path in files}
        self._paused = {name: pause for name, pause in self._paused.items() if name in names}
        for path in files:
            if self._ended.is_set():
                return
            if self._paused.get(path.stem, (0.0, 0.0))[0] <= time.monotonic():
                with self._busy:
                    if not self._take(path):
                        return

    def _take(self, path: Path) -> bool:
        """Upload one; False when there is no store to upload anything to."""
        try:
            upload(self._store, path, own_keys=self._own_keys)
        except StoreAway as error:
            log.warning("captured requests wait for the store: %s", error)
            return False
        except StoreError as error:
            self._refused(path, error)
            return True
        except FileNotFoundError:
            return True
        except ValueError as error:
            log.error("%s is no file of captured requests: %s", path.name, error)
        spooled.remove(path)
        return True

    def _refused(self, path: Path, error: StoreError) -> None:
        if spooled.age(path) > _TRIED_FOR_S:
            log.error("captured requests are dropped: %s", error)
            spooled.remove(path)
            return
        log.warning("captured requests cannot be written now: %s", error)
        pause = self._paused.get(path.stem, (0.0, _FIRST_PAUSE_S))[1]
        self._paused[path.stem] = (time.monotonic() + pause, min(pause * 2, _LONGEST_PAUSE_S))
