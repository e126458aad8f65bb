"""Botocore's language-neutral protocol tables, which come with its source archive, not its wheel.

The archive is only unpacked, into .cache/ (which git ignores), once; nothing of it is installed
or committed.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import botocore

_CACHE = Path(__file__).parents[2] / ".cache" / "botocore-protocols" / botocore.__version__
_INSIDE = "/tests/unit/protocols/"


class CannotFetch(Exception):
    """The archive cannot be had; the message is the end of what pip said."""


def fetched() -> Path:
    """The folder with input/*.json and output/*.json of the botocore that is installed.

    Who comes while another process fetches them waits for that. Raises CannotFetch.
    """
    _CACHE.parent.mkdir(parents=True, exist_ok=True)
    with _CACHE.with_name(f"{_CACHE.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _CACHE.exists():
            _fetch(_CACHE)
    return _CACHE


def _fetch(target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        archive = _download(Path(folder))
        tables = Path(folder) / "tables"
        _unpack(archive, tables)
        os.rename(tables, target)


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--no-binary", "botocore", "--dest", str(folder)]
    command += [f"botocore=={botocore.__version__}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    found = list(folder.glob("botocore-*.tar.gz"))
    if not found:
        raise CannotFetch(done.stderr[-300:])
    return found[0]


def _unpack(archive: Path, target: Path) -> None:
    for kind in ("input", "output"):
        (target / kind).mkdir(parents=True)
    with tarfile.open(archive) as tar:
        for member in tar:
            _, found, name = member.name.partition(_INSIDE)
            if found and member.isfile() and name.split("/")[0] in ("input", "output"):
                content = tar.extractfile(member)
                assert content is not None
                with (target / name).open("wb") as file:
                    shutil.copyfileobj(content, file)
