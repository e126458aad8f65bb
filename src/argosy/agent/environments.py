"""The folder of environments: packages that models asked for, by the hash of what they asked.

    environments/<hash>/environment.json   what it is: {"packages": […], "bytes": n}
                        site/              the packages; absent when all were there already
                 <hash>.use                locked (shared) by every agent that uses it
                 <hash>.build              locked by who makes it
                 <hash>.<random>.tmp/      being made, or being removed

One takes the name <hash> by a rename, when it is whole. Locks are the kernel's (flock) and end
with their process, so that a kill leaves nothing that waits or is kept for ever.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from argosy.ground.files import read_json

NOTE = "environment.json"
_SITE = "site"
_TOUCH_EVERY_S = 600.0


class Lock:
    """A locked file, until `release` or the end of the process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path, *, shared: bool = False, wait: bool = True) -> "Lock | None":
        """The lock; None when it is somebody else's and `wait` is false. Raises OSError."""
        kind = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, kind)
                if _is_at(descriptor, path):
                    return cls(path, descriptor)
            except BlockingIOError:
                os.close(descriptor)
                return None
            os.close(descriptor)  # it was removed while we waited: take the new one

    def release(self, *, remove: bool = False) -> None:
        """Let others have it; `remove` the file too, which only a sole holder may."""
        if remove:
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


@dataclass(frozen=True)
class Environments:
    """The environments of one data folder."""

    root: Path

    def folder(self, name: str) -> Path:
        return self.root / name

    def is_there(self, name: str) -> bool:
        return (self.folder(name) / NOTE).exists()

    def temporary(self, name: str) -> Path:
        """A new private folder in which to make the environment."""
        path = self.root / f"{name}.{secrets.token_hex(6)}.tmp"
        path.mkdir(mode=0o700)
        return path

    @contextlib.contextmanager
    def building(self, name: str) -> Iterator[None]:
        """Be the only one that makes it. Blocks while another one does."""
        lock = Lock.take(self.root / f"{name}.build")
        assert lock is not None
        try:
            yield
        finally:
            lock.release(remove=True)

    def is_being_made(self, name: str) -> bool:
        """Whether somebody makes it now."""
        lock = Lock.take(self.root / f"{name}.build", wait=False)
        if lock is not None:
            lock.release(remove=True)
        return lock is None

    def use(self, name: str) -> "Use | None":
        """Hold the environment against removal; None when it is not there (any more)."""
        lock = Lock.take(self.root / f"{name}.use", shared=True)
        assert lock is not None
        if not self.is_there(name):
            lock.release()
            return None
        return Use(self.folder(name), lock)

    def collect(self, idle_s: float, kept_bytes: int) -> None:
        """Remove what was unused for `idle_s` seconds, then the longest unused until those
        that nobody uses take at most `kept_bytes`; and what a kill left half made."""
        self._remove_remainders()
        room = kept_bytes
        for last_used, name in sorted(self._known(), reverse=True):
            lock = Lock.take(self.root / f"{name}.use", wait=False)
            if lock is None:
                continue
            room -= (read_json(self.folder(name) / NOTE) or {}).get("bytes", 0)
            unwanted = time.time() - last_used > idle_s or room < 0
            if unwanted:
                self._put_away(name)
            lock.release(remove=unwanted)
        self._remove_remainders()

    def _known(self) -> Iterator[tuple[float, str]]:
        for folder in self.root.iterdir():
            if "." not in folder.name:
                with contextlib.suppress(FileNotFoundError):
                    yield folder.stat().st_mtime, folder.name

    def _put_away(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.rename(self.folder(name), self.root / f"{name}.{secrets.token_hex(6)}.tmp")

    def _remove_remainders(self) -> None:
        for folder in self.root.glob("*.tmp"):
            if not self.is_being_made(folder.name.partition(".")[0]):
                shutil.rmtree(folder, ignore_errors=True)


class Use:
    """An environment that an agent uses."""

    def __init__(self, folder: Path, lock: Lock) -> None:
        self._folder = folder
        self._lock = lock
        self._touched = float("-inf")
        self.touch()

    @property
    def site(self) -> Path | None:
        """Its packages; None when it has none of its own."""
        site = self._folder / _SITE
        return site if site.is_dir() and not site.is_symlink() else None

    def touch(self) -> None:
        """Note, once in a while, that it is in use."""
        now = time.monotonic()
        if now - self._touched > _TOUCH_EVERY_S:
            self._touched = now
            with contextlib.suppress(OSError):
                os.utime(self._folder)

    def release(self) -> None:
        """It may be removed."""
        self._lock.release()


def size_of(folder: Path) -> int:
    """Bytes that a folder takes on disk, files with several names counted once."""
    seen: set[int] = set()
    total = 0
    for path, folders, files in os.walk(folder):
        for name in (*folders, *files):
            with contextlib.suppress(FileNotFoundError):
                status = os.lstat(os.path.join(path, name))
                if status.st_ino not in seen:
                    seen.add(status.st_ino)
                    total += status.st_blocks * 512
    return total


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file still has this name."""
    try:
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False
