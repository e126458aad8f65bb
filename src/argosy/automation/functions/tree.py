"""The files of a function in the folder of one of its environments: linked, not copied.

Code and layers lie unpacked in the data folder, each once; an environment has links to them, so
that it takes milliseconds and no room, and nothing of it is left when the folder is removed. Where
a file system has no hard links, files are copied.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Container, Iterable
from pathlib import Path

_NO_LINKS = (errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS)


def furnish(task: Path, layers: Path, code: Path, layer_trees: Iterable[Path]) -> None:
    """Link the code below `task` and the layers below `layers`, later ones over earlier ones.

    Raises OSError.
    """
    overlay(code, task)
    for tree in layer_trees:
        overlay(tree, layers)


def overlay(source: Path, target: Path) -> None:
    """Link all files of `source` below `target`, in the place of those that are there."""
    with os.scandir(source) as entries:
        for entry in entries:
            place = target / entry.name
            if entry.is_dir(follow_symlinks=False):
                if place.is_symlink() or not place.is_dir():
                    place.unlink(missing_ok=True)
                    place.mkdir(mode=0o755)
                overlay(Path(entry.path), place)
            else:
                _link(entry.path, place)


def _link(source: str, place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
    try:
        os.link(source, place, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copy2(source, place, follow_symlinks=False)


def has_own(names: Container[str], roots: Iterable[Path]) -> bool:
    """Whether one of these modules is at the top of one of the folders, which need not be there."""
    for root in roots:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(root) as found:
            if any(entry.name.partition(".")[0] in names for entry in found):
                return True
    return False
