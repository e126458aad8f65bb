"""Unpacking a .zip that a stranger made.

Only folders and plain files come out, all below the target, with modest modes and bounded in
number and size. Links, devices, encrypted entries, absolute names, names with ".." and names that
come twice are refused, each with a sentence that names the entry.
"""

import os
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import NoReturn

from argosy.objects.errors import ArchiveTooLarge, BadArchive

MAX_ENTRIES = 100_000
_MAX_DIRECTORY = 16 << 20
_CHUNK = 256 * 1024
_END = b"PK\x05\x06"
_END_SIZE = 22
_LONGEST_COMMENT = 1 << 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1
_UNIX = 3


def unpack_zip(archive: Path, target: Path, max_bytes: int) -> int:
    """Unpack into the folder `target`, which must be empty; returns how many bytes came out.

    Raises BadArchive with a sentence, ArchiveTooLarge when it would unpack to more than
    `max_bytes`; the target is then incomplete. OSError when the disk is full.
    """
    try:
        _check_directory(archive)
        with zipfile.ZipFile(archive) as file:
            entries = file.infolist()
            places = _places(entries, max_bytes)
            for entry, place in places.items():
                _extract(file, entry, target / place)
    except (FileExistsError, IsADirectoryError, NotADirectoryError):
        raise BadArchive("The zip has an entry that is a file and a folder at once.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise BadArchive(f"The zip is damaged or not a zip at all ({error}).") from error
    except (struct.error, RuntimeError) as error:
        raise BadArchive(f"The zip cannot be read ({error}).") from error
    return sum(entry.file_size for entry in entries)


def _check_directory(archive: Path) -> None:
    """A directory of absurd size is not read: each of its entries takes memory.

    Raises BadArchive also where there is none.
    """
    size = archive.stat().st_size
    with archive.open("rb") as file:
        file.seek(max(0, size - _END_SIZE - _LONGEST_COMMENT))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise BadArchive("It is not a zip: it has no directory.")
    # "All ones" would mean the 64-bit form, which nothing of this size needs.
    directory = struct.unpack_from("<I", tail, at + 12)[0]
    if directory > _MAX_DIRECTORY:
        raise BadArchive(f"The zip has more than {MAX_ENTRIES} entries.")


def _places(entries: list[zipfile.ZipInfo], max_bytes: int) -> dict[zipfile.ZipInfo, PurePosixPath]:
    """Where below the target each entry goes; everything is checked before anything is written."""
    if len(entries) > MAX_ENTRIES:
        raise BadArchive(f"The zip has more than {MAX_ENTRIES} entries.")
    if sum(entry.file_size for entry in entries) > max_bytes:
        raise ArchiveTooLarge(f"The zip unpacks to more than {max_bytes} bytes.")
    places: dict[zipfile.ZipInfo, PurePosixPath] = {}
    taken: set[PurePosixPath] = set()
    for entry in entries:
        place = _place(entry)
        if place in taken and not entry.is_dir():
            _refuse(entry, "is there twice")
        taken.add(place)
        places[entry] = place
    return places


def _place(entry: zipfile.ZipInfo) -> PurePosixPath:
    name = entry.orig_filename
    place = PurePosixPath(name)
    if place.is_absolute():
        _refuse(entry, "has an absolute path")
    if ".." in place.parts or ".." in name.split("\\"):
        _refuse(entry, "leaves the archive's folder ('..')")
    if not place.parts and not entry.is_dir():
        _refuse(entry, "has no name")
    if "\0" in name or any(len(os.fsencode(part)) > 255 for part in place.parts):
        _refuse(entry, "has a name no file system takes")
    if entry.flag_bits & _ENCRYPTED:
        _refuse(entry, "is encrypted")
    if entry.compress_type not in _METHODS:
        _refuse(entry, "is compressed in a way other than deflate")
    kind = stat.S_IFMT(entry.external_attr >> 16) if entry.create_system == _UNIX else 0
    if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        _refuse(entry, "is a link or a device")
    return place


def _extract(file: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    if entry.is_dir():
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
        return
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    runs = entry.create_system == _UNIX and (entry.external_attr >> 16) & 0o100
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with file.open(entry) as source:
        with os.fdopen(os.open(path, flags, 0o755 if runs else 0o644), "wb") as out:
            left = entry.file_size
            while left > 0 and (data := source.read(min(left, _CHUNK))):
                out.write(data)
                left -= len(data)
        if left > 0 or source.read(1):
            _refuse(entry, "is not of the size it claims")


def _refuse(entry: zipfile.ZipInfo, why: str) -> NoReturn:
    name = entry.orig_filename
    shown = repr(name if len(name) <= 200 else name[:200] + "…")
    raise BadArchive(f"Entry {shown} of the zip {why}.")
