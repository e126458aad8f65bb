"""Image folders: a user's `serve` and `train` programs and what lies beside them.

A folder is copied below the digest of its content and never changed again, so that later edits
change no endpoint. Git and bytecode folders stay behind; what is no plain file, folder or symbolic
link is refused.
"""

import hashlib
import os
import secrets
import shutil
from pathlib import Path

from argosy.ground.errors import ArgosyError

PROGRAMS = ("serve", "train")
_PLACES = ("", "rootfs/opt/program", "rootfs/usr/local/bin", "rootfs/usr/bin", "rootfs/bin")
_LEFT_BEHIND = {"__pycache__", ".git"}


def programs_of(folder: Path) -> list[str]:
    """Which of `serve` and `train` it holds; raises ArgosyError when it cannot be an image."""
    if not folder.is_dir():
        raise ArgosyError(f"{folder} is not a folder.")
    found = {name: _find(folder, name) for name in PROGRAMS}
    there = {name: path for name, path in found.items() if path is not None}
    if not there:
        raise ArgosyError(
            f"{folder} holds neither a program `serve` (to host a model) nor `train`: an image"
            " folder needs one of them."
        )
    for path in there.values():
        if not os.access(path, os.X_OK):
            raise ArgosyError(f"{path} is not executable: chmod +x {path}")
    return list(there)


def _find(folder: Path, name: str) -> Path | None:
    tried = (folder / place / name for place in _PLACES)
    return next((path for path in tried if path.is_file()), None)


def copy(folder: Path, images: Path) -> str:
    """Copy a folder to `images`/DIGEST, unless that is there already; returns the digest.

    Raises ArgosyError for what cannot be copied.
    """
    images.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = images / f".{secrets.token_hex(8)}"
    try:
        shutil.copytree(folder, temporary, symlinks=True, ignore=_ignored)
        digest = _digest(temporary)
        if not (images / digest).is_dir():
            os.rename(temporary, images / digest)
        return digest
    except shutil.Error as error:
        raise ArgosyError(f"{folder} cannot be copied: {error.args[0][0][2]}") from None
    except OSError as error:
        raise ArgosyError(f"{folder} cannot be copied: {error.strerror or error}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def size_of(folder: Path) -> int:
    """Bytes of all its files."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def _ignored(folder: str, names: list[str]) -> set[str]:
    for name in names:
        path = Path(folder) / name
        if not (path.is_symlink() or path.is_file() or path.is_dir()):
            raise ArgosyError(f"{path} is not a plain file and cannot be part of an image.")
    return _LEFT_BEHIND & set(names)


def _digest(folder: Path) -> str:
    """SHA-256 over names, kinds, executable bits and content, in order of names."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda one: one.relative_to(folder).parts):
        name = os.fsencode(path.relative_to(folder))
        if path.is_symlink():
            kind, content = b"l", hashlib.sha256(os.fsencode(os.readlink(path))).digest()
        elif path.is_dir():
            kind, content = b"d", b""
        else:
            kind = b"x" if path.stat().st_mode & 0o100 else b"f"
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
        total.update(b"%d:%b%b%b" % (len(name), name, kind, content))
    return total.hexdigest()
