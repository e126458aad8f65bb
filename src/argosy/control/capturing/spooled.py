"""The folder of spool files, as control sees it: which may be taken, and which nobody needs."""

import contextlib
import fcntl
import os
import time
from pathlib import Path

from argosy.ground.spool import NEW, OPEN, READY

_STALE_S = 60.0


def ready(folder: Path) -> list[Path]:
    """The files that are complete, and those whose edge has died, oldest first."""
    files = []
    for path in folder.iterdir():
        if path.suffix == READY or (path.suffix == OPEN and _left_behind(path)):
            files.append(path)
        elif path.suffix == NEW and age(path) > _STALE_S:
            path.unlink(missing_ok=True)
    return sorted(files, key=age, reverse=True)


def _left_behind(path: Path) -> bool:
    """Whether nobody writes it any more: its writer's lock went with it."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def age(path: Path) -> float:
    """Seconds since it was last written to."""
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime
    return 0.0


def remove(path: Path) -> None:
    """It is uploaded, or will never be. An edge may have given it its last name meanwhile."""
    for suffix in (OPEN, READY):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path.with_suffix(suffix))
