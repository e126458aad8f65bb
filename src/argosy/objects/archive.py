"""Unpacking a .tar.gz or .tar that a stranger made.

Only folders and plain files come out, all below the target, with modest modes and bounded in
number and size. Links, devices, pipes, absolute names and names with ".." are refused, each with
a sentence that names the entry. (Links in a model's archive fail on SageMaker too.)
"""

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NoReturn

from argosy.objects.errors import BadArchive

MAX_ENTRIES = 200_000

_CHUNK = 256 * 1024
_LONGEST_HEADER = 4 << 20
_GZIP = b"\x1f\x8b"
_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a named pipe",
}


def unpack(
    archive: Path, target: Path, max_bytes: int, *, name: str = "", max_entries: int = MAX_ENTRIES
) -> None:
    """Unpack an archive into the folder `target`, which must not hold links.

    max_bytes, max_entries: limits on what comes out.
    name: what to call the archive in errors, e.g. its S3 URI.
    Raises BadArchive with a sentence; the target is then incomplete. OSError when the disk is full.
    """
    name = name or archive.name
    try:
        with opened(archive) as file, tarfile.open(fileobj=file, mode="r:") as tar:
            budget = max_bytes
            for count, member in enumerate(members(tar)):
                if count >= max_entries:
                    raise BadArchive(f"The archive {name} has more than {max_entries} entries.")
                budget -= max(member.size, 0)
                if budget < 0:
                    raise BadArchive(
                        f"The archive {name} unpacks to more than {max_bytes} bytes "
                        f"(at entry {_shown(member.name)}); make it smaller or raise "
                        "max_artifact_gb."
                    )
                _extract(tar, member, target, name)
            if file.last.strip(b"\0"):
                raise tarfile.ReadError("unreadable entry or unexpected end of data")
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
        raise BadArchive(_why_broken(archive, name, error)) from error


def members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The entries one after the other, none of them kept."""
    while (member := tar.next()) is not None:
        tar.members = []  # type: ignore[attr-defined]  # else tarfile keeps every header it has seen
        yield member


def opened(archive: Path) -> "_Forward":
    """A .tar.gz or .tar for `tarfile` to read in order. Raises OSError."""
    with archive.open("rb") as file:
        zipped = file.read(2) == _GZIP
    return _Forward(gzip.open(archive, "rb") if zipped else archive.open("rb"))


class _Forward(io.RawIOBase):
    """A file that is read in order only, and never in large pieces.

    tarfile reads the body of an extended header in one piece, whatever size it claims.
    """

    def __init__(self, file: gzip.GzipFile | io.BufferedReader) -> None:
        self._file = file
        self._position = 0
        self.last = b""
        """What the last read gave: for a whole archive, zeros or nothing."""

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= _LONGEST_HEADER:
            raise BadArchive("The archive claims an extended header of absurd size.")
        self.last = self._file.read(size)
        self._position += len(self.last)
        return self.last

    def tell(self) -> int:
        return self._position

    def seek(self, position: int, whence: int = 0, /) -> int:
        while self._position < position:
            if not self.read(min(position - self._position, _CHUNK)):
                break
        return self._position

    def close(self) -> None:
        self._file.close()
        super().close()


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, name: str) -> None:
    place = _place(member, name)
    try:
        if member.isdir():
            _make_folder(target, place)
        elif member.isreg():
            _make_folder(target, place.parent)
            _write(tar, member, target / place, name)
        else:
            _refuse(member, name, f"is {_KINDS.get(member.type, 'of a kind not allowed')}")
    except (FileExistsError, IsADirectoryError, NotADirectoryError):
        _refuse(member, name, "is a file and a folder at once")


def _place(member: tarfile.TarInfo, name: str) -> PurePosixPath:
    """Where below the target the entry goes."""
    place = PurePosixPath(member.name)
    if place.is_absolute():
        _refuse(member, name, "has an absolute path")
    if ".." in place.parts:
        _refuse(member, name, "leaves the archive's folder ('..')")
    if "\0" in member.name or any(len(os.fsencode(part)) > 255 for part in place.parts):
        _refuse(member, name, "has a name no file system takes")
    return place


def _refuse(member: tarfile.TarInfo, name: str, why: str) -> NoReturn:
    raise BadArchive(
        f"The archive {name} cannot be unpacked: entry {_shown(member.name)} {why}. "
        "Pack it again with plain files and folders only."
    )


def _make_folder(target: Path, place: PurePosixPath) -> None:
    folder = target
    for part in place.parts:
        folder = folder / part
        if not folder.is_dir():
            folder.mkdir(mode=0o755)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, name: str) -> None:
    mode = 0o755 if member.mode & 0o100 else 0o644
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    source = tar.extractfile(member)
    if source is None:
        _refuse(member, name, "holds no data")
    left = member.size
    with os.fdopen(os.open(path, flags, mode), "wb") as file:
        while left > 0 and (data := source.read(min(left, _CHUNK))):
            file.write(data)
            left -= len(data)
    if left > 0:
        raise tarfile.ReadError(f"unexpected end of data in {_shown(member.name)}")


def _why_broken(archive: Path, name: str, error: Exception) -> str:
    if archive.stat().st_size == 0:
        return f"The archive {name} is empty."
    with archive.open("rb") as file:
        zipped = file.read(2) == _GZIP
    if isinstance(error, EOFError) or "end of" in str(error):
        return f"The archive {name} is truncated ({error}). Upload it again."
    if not zipped:
        return f"The archive {name} is not a .tar.gz ({error})."
    return f"The archive {name} is damaged ({error}). Pack and upload it again."


def _shown(name: str) -> str:
    return repr(name if len(name) <= 200 else name[:200] + "…")
