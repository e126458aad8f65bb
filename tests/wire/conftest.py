"""Finds botocore's language-neutral protocol tables; fetches them once when they are not there.

They come with botocore's source archive, not with its wheel. The archive is only unpacked, into
.cache/ (which git ignores); nothing of it is installed or committed.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import botocore
import pytest

_CACHE = Path(__file__).parents[2] / ".cache" / "botocore-protocols" / botocore.__version__
_INSIDE = "/tests/unit/protocols/"


@pytest.fixture(scope="session")
def tables() -> Path:
    """The folder with input/*.json and output/*.json of the botocore that is installed."""
    if not _CACHE.exists():
        _fetch(_CACHE)
    return _CACHE


def _fetch(target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        archive = _download(Path(folder))
        tables = Path(folder) / "tables"
        _unpack(archive, tables)
        try:
            os.rename(tables, target)
        except OSError:
            # Another test process was quicker.
            assert target.is_dir()


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--no-binary", "botocore", "--dest", str(folder)]
    command += [f"botocore=={botocore.__version__}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    found = list(folder.glob("botocore-*.tar.gz"))
    if not found:
        pytest.skip(f"botocore's protocol tables cannot be fetched: {done.stderr[-300:]}")
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
