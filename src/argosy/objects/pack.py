"""Packing files into a model.tar.gz, the same bytes for the same content."""

import gzip
import tarfile
from collections.abc import Mapping
from pathlib import Path

from argosy.ground.errors import ArgosyError

_LEVEL = 6


def pack(source: Path, target: Path) -> None:
    """Pack a folder's content, or one file, into the .tar.gz `target`.

    The names in the archive are relative to the folder, so that the files lie at its root as
    SageMaker asks. Raises ArgosyError when there is nothing to pack.
    """
    if source.is_dir():
        files = {path.relative_to(source).as_posix(): path for path in _files_below(source)}
    else:
        files = {source.name: source}
    pack_files(files, target)


def pack_files(files: Mapping[str, Path], target: Path) -> None:
    """Pack files under the names given; links are followed, times and owners left out.

    Raises ArgosyError for an empty mapping or for something that is no plain file.
    """
    if not files:
        raise ArgosyError("There is nothing to pack: the folder holds no files.")
    with (
        target.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=raw, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in sorted(files):
            _add(tar, name, files[name])


def _files_below(folder: Path) -> list[Path]:
    skipped = {"__pycache__", ".git", ".ipynb_checkpoints"}
    return [
        path
        for path in folder.rglob("*")
        if not path.is_dir() and skipped.isdisjoint(path.relative_to(folder).parts)
    ]


def _add(tar: tarfile.TarFile, name: str, path: Path) -> None:
    if not path.is_file():
        raise ArgosyError(f"{path} is not a plain file and cannot be packed.")
    status = path.stat()
    entry = tarfile.TarInfo(name)
    entry.size = status.st_size
    entry.mode = 0o755 if status.st_mode & 0o100 else 0o644
    with path.open("rb") as file:
        tar.addfile(entry, file)
