"""Groups and streams as users make, fill and delete them. It knows no limits on a call.

What it has done survives power loss once it returns. Calls may come from several threads; those
about one group wait for each other.
"""

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

from argosy.telemetry.logs.folders import (
    folder_name,
    group_folder,
    is_users,
    make_folder,
    mark_users,
    stream_folder,
    sync_folder,
)
from argosy.telemetry.logs.writer import LogWriter

_LOCKS = [threading.Lock() for _ in range(32)]


class LogExists(Exception):
    """There is a group or stream of that name."""


class NotUsers(Exception):
    """The stream is written by an instance or a job of the platform."""


class LogKeeper:
    """The groups of one account and region."""

    def __init__(self, root: Path, account: str, region: str) -> None:
        self._place = root, account, region
        self._root = root / account / region

    def create_group(self, group: str) -> None:
        """Raises LogExists, OSError."""
        with self._lock(group):
            if not make_folder(self._root / folder_name(group), group, sync=True):
                raise LogExists(group)

    def create_stream(self, group: str, stream: str) -> None:
        """Raises LogGroupMissing, LogExists, OSError."""
        with self._lock(group):
            folder = group_folder(self._root, group) / folder_name(stream)
            if folder.is_dir():
                raise LogExists(stream)
            make_folder(folder, stream)
            mark_users(folder, users=True)
            sync_folder(folder)
            sync_folder(folder.parent)

    def put(
        self,
        group: str,
        stream: str,
        events: Sequence[tuple[int, str]],
        ingestion_ms: int,
        max_bytes: int,
    ) -> None:
        """Append events (timestamp, message) to a user's stream.

        Raises LogGroupMissing, LogStreamMissing, NotUsers, OSError.
        """
        with self._lock(group):
            if not is_users(stream_folder(self._root, group, stream)):
                raise NotUsers(stream)
            writer = LogWriter(*self._place, group, stream, max_bytes, users=True)
            try:
                writer.put(events, ingestion_ms)
            finally:
                writer.close()

    def delete_stream(self, group: str, stream: str) -> None:
        """Raises LogGroupMissing, LogStreamMissing."""
        with self._lock(group):
            self._remove(stream_folder(self._root, group, stream))

    def delete_group(self, group: str) -> None:
        """Remove the group with all its streams. Raises LogGroupMissing."""
        with self._lock(group):
            self._remove(group_folder(self._root, group))

    def _remove(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        sync_folder(folder.parent)

    def _lock(self, group: str) -> threading.Lock:
        return _LOCKS[crc32(str(self._root / group).encode()) % len(_LOCKS)]
