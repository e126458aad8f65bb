"""Code and layers of functions: zips that were taken, and their unpacked trees.

Each lies in a folder named by the SHA-256 of its zip, and never changes once it is there; the same
zip is unpacked once. What refers to a package is not known here.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from argosy.ground.paths import DataDir
from argosy.objects.zips import unpack_zip

_ABOUT = "about.json"
_COMING = "coming-"


@dataclass(frozen=True)
class Package:
    """A zip that is here and unpacked."""

    digest: str
    """Hex SHA-256 of the zip."""
    size: int
    """Bytes of the zip."""
    unpacked: int
    """Bytes of its files."""


class Packages:
    """The packages of one platform; every method blocks."""

    def __init__(self, data_dir: DataDir) -> None:
        self._data_dir = data_dir
        self._folder = data_dir.functions

    def coming(self) -> Path:
        """A new private folder for a zip on its way in; `take` it, or remove it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=_COMING, dir=self._folder))

    def drop(self, folder: Path) -> None:
        """Remove what `coming` gave, if it was not taken."""
        shutil.rmtree(folder, ignore_errors=True)

    def keep(self, zipped: bytes, max_unpacked: int) -> Package:
        """Take a zip that is at hand. Raises as `take`."""
        digest = hashlib.sha256(zipped).hexdigest()
        there = self.find(digest)
        if there is not None:
            return there
        folder = self.coming()
        try:
            (folder / "code.zip").write_bytes(zipped)
            return self._take(folder, digest, max_unpacked)
        finally:
            self.drop(folder)

    def take(self, folder: Path, max_unpacked: int) -> Package:
        """Take the zip `code.zip` of a folder that `coming` gave, which is gone afterwards.

        Raises BadArchive, ArchiveTooLarge.
        """
        try:
            with (folder / "code.zip").open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            return self.find(digest) or self._take(folder, digest, max_unpacked)
        finally:
            self.drop(folder)

    def find(self, digest: str) -> Package | None:
        """The package of that digest, if it is here."""
        try:
            about = json.loads((self._folder / digest / _ABOUT).read_bytes())
        except (OSError, ValueError):
            return None
        # Its time says that somebody is about to refer to it: `remove_unused` leaves it alone.
        os.utime(self._folder / digest)
        return Package(digest, about["size"], about["unpacked"])

    def remove_unused(self, used: Collection[str], older_than_s: float = 3600.0) -> int:
        """Remove what nobody refers to and nobody has taken for a while; returns how many."""
        removed = 0
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder.name not in used and _age(folder) > older_than_s:
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
        return removed

    def _take(self, folder: Path, digest: str, max_unpacked: int) -> Package:
        tree = folder / "tree"
        tree.mkdir(mode=0o755)
        unpacked = unpack_zip(folder / "code.zip", tree, max_unpacked)
        size = (folder / "code.zip").stat().st_size
        (folder / _ABOUT).write_text(json.dumps({"size": size, "unpacked": unpacked}))
        place = self._folder / digest
        try:
            os.rename(folder, place)
        except OSError:
            if not (place / _ABOUT).exists():
                raise
            # Somebody else was quicker with the same zip.
        return Package(digest, size, unpacked)


def _age(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0
