"""Recognising what a user wants to deploy, without loading it, and packing it."""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from argosy.ground.errors import ArgosyError
from argosy.objects.pack import pack

SKLEARN_IMAGE = "sagemaker-scikit-learn:1.4-2-cpu-py3"
_MODEL_FILES = {".joblib", ".pkl", ".pickle", ".skops"}
_ARCHIVES = (".tar.gz", ".tgz")


@contextmanager
def archive_of(source: Path) -> Iterator[Path]:
    """A model.tar.gz for a model file, a folder or an archive; raises ArgosyError for others."""
    if source.name.endswith(_ARCHIVES):
        _check_archive(source)
        yield source
        return
    if source.is_file() and source.suffix not in _MODEL_FILES:
        raise ArgosyError(
            f"{source.name} is not recognised. Give a scikit-learn model saved as "
            f"{', '.join(sorted(_MODEL_FILES))}, a folder, or a model.tar.gz."
        )
    with TemporaryDirectory(prefix="argosy-") as folder:
        packed = Path(folder) / "model.tar.gz"
        pack(source, packed)
        yield packed


def _check_archive(source: Path) -> None:
    try:
        with tarfile.open(source, "r:gz") as tar:
            tar.next()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArgosyError(f"{source} is not a .tar.gz archive: {error}") from None
