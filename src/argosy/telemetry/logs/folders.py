"""Where groups and streams lie: names as folders, and the marks that tell of them.

created    when the folder was made, milliseconds
name       the whole name, where it is too long for a folder's
user       a stream that was made by CreateLogStream: only control writes it
"""

import contextlib
import hashlib
import os
import shutil
from pathlib import Path
from time import time
from urllib.parse import quote, unquote

_CREATED = "created"
_NAME = "name"
_USER = "user"
_LONGEST = 200
_CUT = 100
_DIGEST = "="
"""Stands before the digest of a long name; `quote` never leaves it in a name."""


class LogGroupMissing(LookupError):
    """The log group does not exist."""


class LogStreamMissing(LookupError):
    """The log stream does not exist in its group."""


def folder_name(name: str) -> str:
    """A group's or stream's name as one file name: no slash, no leading dot, not too long."""
    quoted = quote(name, safe="")
    if quoted.startswith("."):
        quoted = "%2E" + quoted[1:]
    if len(quoted) <= _LONGEST:
        return quoted
    return quoted[:_CUT] + _DIGEST + hashlib.sha256(name.encode()).hexdigest()


def group_folder(root: Path, group: str) -> Path:
    """Where a group of this account and region lies. Raises LogGroupMissing."""
    folder = root / folder_name(group)
    if not folder.is_dir():
        raise LogGroupMissing(group)
    return folder


def stream_folder(root: Path, group: str, stream: str) -> Path:
    """Where a stream lies. Raises LogGroupMissing, LogStreamMissing."""
    folder = group_folder(root, group) / folder_name(stream)
    if not folder.is_dir():
        raise LogStreamMissing(stream)
    return folder


def children(folder: Path) -> list[tuple[str, Path]]:
    """(name, path) of the groups or streams below, by name; [] when there is no such folder."""
    try:
        return sorted((_name_of(p), p) for p in folder.iterdir() if p.is_dir())
    except FileNotFoundError:
        return []


def _name_of(folder: Path) -> str:
    if _DIGEST in folder.name:
        with contextlib.suppress(OSError):
            return (folder / _NAME).read_text()
    return unquote(folder.name)


def make_folder(folder: Path, name: str, *, sync: bool = False) -> bool:
    """Make the folder of a group or stream; False when it was there. Raises OSError.

    `sync`: it survives power loss when this returns.
    """
    if folder.is_dir():
        return False
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _note(folder / _CREATED, str(int(time() * 1000)), sync)
    if _DIGEST in folder.name:
        _note(folder / _NAME, name, sync)
    if sync:
        sync_folder(folder)
        for parent in list(folder.parents)[:4]:
            sync_folder(parent)
    return True


def _note(path: Path, text: str, sync: bool) -> None:
    with path.open("w") as file:
        file.write(text)
        if sync:
            file.flush()
            os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have the folder's entries survive power loss."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def created_ms(folder: Path) -> int:
    try:
        return int((folder / _CREATED).read_text())
    except (OSError, ValueError):
        return int(folder.stat().st_mtime * 1000) if folder.exists() else 0


def is_users(folder: Path) -> bool:
    """True for a stream that a user made."""
    return (folder / _USER).exists()


def mark_users(folder: Path, *, users: bool) -> None:
    """Say whose stream it is. Raises OSError."""
    if users:
        _note(folder / _USER, "", True)
    else:
        (folder / _USER).unlink(missing_ok=True)


def delete_all(root: Path) -> None:
    """Remove every log of every account below `root`; `root` itself stays."""
    for folder in list(root.iterdir()) if root.is_dir() else []:
        shutil.rmtree(folder, ignore_errors=True)
