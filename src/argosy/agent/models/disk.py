"""The files of an instance's models: what lies where, how large it is, and what goes first."""

import shutil
from pathlib import Path

from argosy.agent.models import cache, names
from argosy.agent.models.fetching import Fetched
from argosy.agent.models.held import Files


class Disk:
    """The folder of all models of one instance; nobody else writes to it."""

    def __init__(self, root: Path, prefix: str, limit: int) -> None:
        """prefix: the S3 URI that the models lie under; limit: bytes, of unloaded models too."""
        self._root = root
        self._prefix = prefix
        self._limit = limit
        self._files: dict[str, Files] = {}

    def uri(self, target: str) -> str:
        return names.uri_of(self._prefix, target)

    def name(self, target: str) -> str:
        """The model's folder below the root."""
        return names.folder_of(self.uri(target))

    def folder(self, target: str) -> Path:
        return self._root / self.name(target)

    def etag(self, target: str) -> str:
        """Which version lies here; "" when none does."""
        files = self._files.get(target)
        return files.etag if files else ""

    def size(self, target: str) -> int:
        files = self._files.get(target)
        return files.size if files else 0

    def note(self, target: str, fetched: Fetched, now: float) -> None:
        """The model's files are complete."""
        self._files[target] = Files(fetched.etag, fetched.size, now)

    def used(self, target: str, now: float) -> None:
        files = self._files.get(target)
        if files is not None:
            files.used = now

    def remove(self, target: str) -> None:
        """Delete a model's files, complete or not. Idempotent."""
        self._files.pop(target, None)
        shutil.rmtree(self.folder(target), ignore_errors=True)

    def prune(self, in_use: set[str]) -> None:
        """Keep to the limit by deleting files of models that are not in use."""
        self._delete(in_use, self._limit)

    def make_room(self, in_use: set[str]) -> bool:
        """The disk is full: delete half of what is not in use; False when there is nothing."""
        idle = sum(f.size for target, f in self._files.items() if target not in in_use)
        total = sum(f.size for f in self._files.values())
        return self._delete(in_use, total - max(idle // 2, 1)) > 0

    def _delete(self, in_use: set[str], limit: int) -> int:
        idle = [
            cache.OnDisk(target, files.size, files.used)
            for target, files in self._files.items()
            if target not in in_use
        ]
        chosen = cache.to_delete(idle, sum(f.size for f in self._files.values()), limit)
        for target in chosen:
            self.remove(target)
        return len(chosen)
