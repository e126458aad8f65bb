"""One layer of a container image, laid over what the layers below it left in a root folder.

Files, folders, hard and symbolic links come out, with plain modes, all owned by this user; names
are followed as `inside` says, so nothing is written outside the root. `.wh.NAME` removes NAME of
the layers below and `.wh..wh..opq` all that they have in its folder. Devices and pipes are refused
(below /dev they are left out: a sandbox has a /dev of its own), and so are more bytes or entries
than allowed. Source: OCI image specification, "layer".
"""

import gzip
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from argosy.objects.archive import members, opened
from argosy.objects.errors import BadArchive
from argosy.objects.inside import Inside, parts_of

MAX_ENTRIES = 1_000_000

_CHUNK = 256 * 1024
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_RESERVED = ".wh.."
"""What begins like this and is not `_OPAQUE` was AUFS's own and means nothing."""


@dataclass
class Allowance:
    """What the layers of one image may still take."""

    bytes: int
    entries: int = MAX_ENTRIES

    def take(self, member: tarfile.TarInfo) -> None:
        """Raises BadArchive when it is used up."""
        self.entries -= 1
        self.bytes -= max(member.size, 0)
        if self.entries < 0:
            raise BadArchive("it has too many files")
        if self.bytes < 0:
            raise BadArchive("it unpacks to more than max_image_gb allows")


def apply(packed: Path, root: Inside, allowance: Allowance) -> None:
    """Lay a layer (.tar or .tar.gz) over the root.

    Raises BadArchive with a clause; the root is then incomplete. OSError when the disk is full.
    """
    layer = _Layer(root)
    try:
        with opened(packed) as file, tarfile.open(fileobj=file, mode="r:") as tar:
            for member in members(tar):
                allowance.take(member)
                layer.add(tar, member)
            if file.last.strip(b"\0"):
                raise tarfile.ReadError("unreadable entry or unexpected end of data")
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
        raise BadArchive(f"a layer is damaged ({error})") from error


class _Layer:
    """Remembers what came with this layer: whiteouts are about the layers below only."""

    def __init__(self, root: Inside) -> None:
        self._root = root
        self._own: set[str] = set()

    def add(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        path = self._root.place(member.name)
        if path == self._root.top:
            return
        if not path.name.startswith(_WHITEOUT):
            self._keep(path)
            self._put(tar, member, path)
        elif path.name == _OPAQUE:
            self._clear(path.parent)
        elif not path.name.startswith(_RESERVED):
            self._remove(path.with_name(path.name.removeprefix(_WHITEOUT)))

    def _keep(self, path: Path) -> None:
        while path != self._root.top and str(path) not in self._own:
            self._own.add(str(path))
            path = path.parent

    def _remove(self, path: Path) -> None:
        if str(path) not in self._own:
            remove(path)
        elif path.is_dir() and not path.is_symlink():
            self._clear(path)

    def _clear(self, folder: Path) -> None:
        for entry in list(os.scandir(folder)):
            self._remove(folder / entry.name)

    def _put(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
        if member.isdir():
            _make_folder(path, member.mode)
        elif member.isreg():
            remove(path)
            _write(tar, member, path)
        elif member.issym():
            remove(path)
            os.symlink(_target(member), path)
        elif member.islnk():
            self._link(member, path)
        elif parts_of(member.name)[0] != "dev":
            raise BadArchive(f"entry {member.name[:200]!r} is a device or a pipe")

    def _link(self, member: tarfile.TarInfo, path: Path) -> None:
        other = self._root.place(member.linkname)
        if other == path:
            return
        if not os.path.lexists(other) or (other.is_dir() and not other.is_symlink()):
            raise BadArchive(f"entry {member.name[:200]!r} is a link to a file that is not there")
        remove(path)
        os.link(other, path, follow_symlinks=False)


def remove(path: Path) -> None:
    """Remove whatever is there, if anything; links are not followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _make_folder(path: Path, mode: int) -> None:
    if path.is_symlink() or not path.is_dir():
        remove(path)
        path.mkdir()
    path.chmod(mode & 0o777 | 0o700)


def _target(member: tarfile.TarInfo) -> str:
    if not member.linkname or "\0" in member.linkname:
        raise BadArchive(f"entry {member.name[:200]!r} is a link to nothing")
    return member.linkname


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        for data in _content(tar, member):
            file.write(data)
        os.fchmod(file.fileno(), member.mode & 0o777 | 0o400)


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    source, left = tar.extractfile(member), member.size
    while left > 0 and source is not None and (data := source.read(min(left, _CHUNK))):
        left -= len(data)
        yield data
    if left > 0:
        raise tarfile.ReadError("unexpected end of data")
