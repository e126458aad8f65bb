"""Folders are removed whatever a program has made of them."""

import os
from pathlib import Path

from argosy.ground.removal import remove_tree


def test_folders_thousands_of_levels_deep_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "volume"
    folder.mkdir()
    here = os.open(folder, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        os.close(here)
        here = below
    os.close(here)

    remove_tree(folder)

    assert not folder.exists()


def test_closed_folders_are_removed_and_links_are_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    folder = tmp_path / "volume"
    (folder / "closed/below").mkdir(parents=True)
    (folder / "closed/below/link").symlink_to(kept)
    (folder / "link").symlink_to(kept)
    (folder / "closed/below").chmod(0)
    (folder / "closed").chmod(0o500)
    folder.chmod(0o500)

    remove_tree(folder)

    assert not folder.exists()
    assert (kept / "file").exists()


def test_what_is_not_there_is_no_error_and_a_link_stays(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)

    remove_tree(tmp_path / "nothing")
    remove_tree(tmp_path / "link")

    assert (tmp_path / "link").is_symlink()
