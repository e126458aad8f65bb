"""One platform to a folder."""

import os
from pathlib import Path

import pytest

from argosy.ground.errors import ArgosyError
from argosy.ground.paths import DataDir
from argosy.supervisor.lock import FolderLock, holder


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    return DataDir.at(tmp_path)


def test_who_comes_second_is_told_who_was_first_and_where(data_dir: DataDir) -> None:
    first = FolderLock(data_dir)
    first.take()
    first.sign("http://127.0.0.1:8790")

    with pytest.raises(ArgosyError, match=rf"{os.getpid()} at http://127.0.0.1:8790"):
        FolderLock(data_dir).take()
    first.release()


def test_a_released_folder_can_be_taken_again(data_dir: DataDir) -> None:
    first, second = FolderLock(data_dir), FolderLock(data_dir)
    first.take()
    first.release()

    assert holder(data_dir) is None
    second.take()
    second.release()


def test_a_held_folder_names_its_holder(data_dir: DataDir) -> None:
    lock = FolderLock(data_dir)
    lock.take()

    assert (holder(data_dir) or {})["pid"] == os.getpid()
    lock.release()


def test_a_folder_that_was_never_used_is_held_by_nobody(data_dir: DataDir) -> None:
    assert holder(DataDir(data_dir.root / "absent")) is None
