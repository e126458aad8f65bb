"""Image folders: what may be one, and when two are the same."""

import os
from pathlib import Path

import pytest

from argosy.ground.errors import ArgosyError
from argosy.objects.image_folder import copy, programs_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a program and what lies beside it."""
    made = tmp_path / "container"
    (made / "lib").mkdir(parents=True)
    (made / "serve").write_text("#!/bin/sh\n")
    (made / "serve").chmod(0o755)
    (made / "lib" / "data").write_bytes(b"x" * 100)
    (made / "link").symlink_to("lib/data")
    return made


def test_a_copy_is_the_folder_and_stays_what_it_was(folder: Path, tmp_path: Path) -> None:
    images = tmp_path / "images"

    digest = copy(folder, images)
    (folder / "lib" / "data").write_text("changed")

    kept = images / digest
    assert os.access(kept / "serve", os.X_OK)
    assert (kept / "lib" / "data").read_bytes() == b"x" * 100
    assert os.readlink(kept / "link") == "lib/data"
    assert [path.name for path in images.iterdir()] == [digest]


def test_the_same_content_has_the_same_digest_and_any_change_another(
    folder: Path, tmp_path: Path
) -> None:
    images = tmp_path / "images"
    digests = [copy(folder, images)]
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").touch()
    os.utime(folder / "serve", (1, 1))
    assert copy(folder, images) == digests[0]

    (folder / "lib" / "data").write_bytes(b"y" * 100)
    digests.append(copy(folder, images))
    (folder / "lib" / "data").chmod(0o755)
    digests.append(copy(folder, images))
    (folder / "lib" / "data").rename(folder / "lib" / "more")
    digests.append(copy(folder, images))
    (folder / "link").unlink()
    (folder / "link").symlink_to("lib/more")
    digests.append(copy(folder, images))

    assert len(set(digests)) == len(digests)


def test_a_folder_with_its_own_system_has_its_program_in_there(tmp_path: Path) -> None:
    program = tmp_path / "rootfs" / "opt" / "program" / "train"
    program.parent.mkdir(parents=True)
    program.touch(0o755)

    assert programs_of(tmp_path) == ["train"]


def test_what_cannot_be_an_image_is_refused_and_leaves_nothing(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "serve").chmod(0o644)
    with pytest.raises(ArgosyError, match="chmod"):
        programs_of(folder)
    with pytest.raises(ArgosyError, match="neither a program `serve`"):
        programs_of(folder / "lib")
    os.mkfifo(folder / "lib" / "pipe")
    with pytest.raises(ArgosyError, match="pipe is not a plain file"):
        copy(folder, tmp_path / "images")
    assert list((tmp_path / "images").iterdir()) == []
