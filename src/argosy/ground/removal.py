"""Removes folders in which users' programs have written, whatever they have made of them.

Folders thousands of levels deep are more than `shutil.rmtree` can follow, and longer than any path
may be; those closed to their owner cannot be looked into. Nothing here follows a link.
"""

import contextlib
import os
import secrets
import shutil
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(path: Path) -> None:
    """The folder with all that is in it, as far as that can be removed. Idempotent."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(path, ignore_errors=True)
    if path.is_dir() and not path.is_symlink():
        with contextlib.suppress(OSError):
            path.chmod(0o700)
            _flatten(path)
            path.rmdir()


def _flatten(path: Path) -> None:
    """Empty it: what lies in its folders' folders is moved up, again and again. Raises OSError."""
    top = os.open(path, _FOLDER)
    try:
        while names := os.listdir(top):
            for name in names:
                if not _unlinked(name, top):
                    _lift(name, top)
    finally:
        os.close(top)


def _lift(name: str, top: int) -> None:
    """Remove a folder of the top one; its own folders become the top one's."""
    os.chmod(name, 0o700, dir_fd=top)
    folder = os.open(name, _FOLDER, dir_fd=top)
    try:
        for below in os.listdir(folder):
            if not _unlinked(below, folder):
                os.chmod(below, 0o700, dir_fd=folder)
                os.rename(below, secrets.token_hex(16), src_dir_fd=folder, dst_dir_fd=top)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=top)


def _unlinked(name: str, folder: int) -> bool:
    """Remove what is no folder; False for a folder."""
    try:
        os.unlink(name, dir_fd=folder)
    except IsADirectoryError:
        return False
    return True
