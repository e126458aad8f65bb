"""A folder that becomes the root of a system: names are followed as that system would, in it only.

Symbolic links in there point anywhere (`/bin` to `usr/bin`, `/etc/localtime` to a file, or out of
the root with `..`); seen from inside none of them leads out, and here they are followed that way.
It refuses to open or change anything: it says which path is meant. Nobody else may change the
folder meanwhile.
"""

import os
from pathlib import Path

from argosy.objects.errors import BadArchive

_MOST_LINKS = 40


class Inside:
    """A root folder at `top`."""

    def __init__(self, top: Path) -> None:
        self.top = top

    def place(self, name: str) -> Path:
        """Where an entry of that name is, or would be: folders before it followed, it itself not.

        Raises BadArchive for a name that leads up out of the root, or that no file can have.
        """
        parts = parts_of(name)
        if not parts:
            return self.top
        return self.folder(parts[:-1], name) / parts[-1]

    def folder(self, parts: tuple[str, ...], name: str) -> Path:
        """The folder that these names lead to; the part of it that is missing is made.

        `name` is for errors. Raises BadArchive, OSError.
        """
        here, left, links = self.top, list(reversed(parts)), 0
        while left:
            part = left.pop()
            if part == "..":
                here = self.top if here == self.top else here.parent
                continue
            path = here / part
            if path.is_symlink():
                links += 1
                if links > _MOST_LINKS:
                    raise BadArchive(f"entry {name[:200]!r} lies behind links without an end")
                target = os.readlink(path)
                here = self.top if target.startswith("/") else here
                left += [one for one in reversed(target.split("/")) if one not in ("", ".")]
            else:
                _make(path, name)
                here = path
        return here


def parts_of(name: str) -> tuple[str, ...]:
    """The names on the way to an entry; none for the root itself. Raises BadArchive."""
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise BadArchive(f"entry {name[:200]!r} leaves the image's root ('..')")
    if "\0" in name or any(len(os.fsencode(part)) > 255 for part in parts):
        raise BadArchive(f"entry {name[:200]!r} has a name no file system takes")
    return parts


def _make(path: Path, name: str) -> None:
    if path.is_dir():
        return
    try:
        path.mkdir(mode=0o755)
    except FileExistsError:
        raise BadArchive(f"entry {name[:200]!r} lies below something that is no folder") from None
