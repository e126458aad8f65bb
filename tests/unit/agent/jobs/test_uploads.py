"""What of an algorithm's folders is read, and where it goes."""

import os
import sys
from pathlib import Path

import pytest

from argosy.agent.jobs.layout import Tree
from argosy.agent.jobs.uploads import files_of, opened, uri_below
from argosy.ground.removal import remove_tree


@pytest.mark.parametrize(
    ("prefix", "uri"),
    [("s3://b/k", "s3://b/k/x/y"), ("s3://b/k/", "s3://b/k/x/y"), ("s3://b", "s3://b/x/y")],
)
def test_files_go_below_the_prefix(prefix: str, uri: str) -> None:
    assert str(uri_below(prefix, "x/y")) == uri


def test_only_plain_files_of_the_folder_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "ml/model"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep/file").write_text("f")
    (tmp_path / "outside").write_text("o")
    for name, target in (("in", "deep/file"), ("out", "../../outside"), ("gone", "nowhere")):
        (folder / name).symlink_to(target)
    (folder / "loop").symlink_to("loop")
    (folder / "folder").symlink_to("/etc")
    os.mkfifo(folder / "fifo")

    assert sorted(files_of(Tree(folder, tmp_path / "ml"))) == ["deep/file", "in"]


def test_links_that_name_their_target_as_the_algorithm_sees_it_are_followed(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "ml/model"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep/last").write_text("l")
    (tmp_path / "secret").write_text("s")
    (folder / "best").symlink_to("/opt/ml/model/deep/last")
    (folder / "out").symlink_to("/opt/ml/model/../../secret")
    (folder / "host").symlink_to("/etc/passwd")
    found = files_of(Tree(folder, tmp_path / "ml", "/opt/ml"))
    assert {name: path.read_text() for name, path in found.items()} == {
        "best": "l",
        "deep/last": "l",
    }


def test_folders_deeper_than_a_stack_are_read_to_their_end(tmp_path: Path) -> None:
    folder = deep = tmp_path / "ml/model"
    folder.mkdir(parents=True)
    levels = sys.getrecursionlimit() + 100
    for _ in range(levels):
        deep = deep / "d"
        deep.mkdir()
    (deep / "file").touch()
    try:
        assert list(files_of(Tree(folder, tmp_path / "ml"))) == ["d/" * levels + "file"]
    finally:
        remove_tree(folder)  # pytest could not


def test_a_folder_that_was_replaced_by_a_link_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "ml").mkdir()
    (tmp_path / "ml/model").symlink_to("/etc")
    assert files_of(Tree(tmp_path / "ml/model", tmp_path / "ml")) == {}


def test_what_is_swapped_for_a_link_or_a_pipe_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "ml").mkdir()
    (tmp_path / "secret").write_text("s")
    (tmp_path / "ml/link").symlink_to(tmp_path / "secret")
    (tmp_path / "ml/deep").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "ml/fifo")
    tree = Tree(tmp_path / "ml", tmp_path / "ml")
    for name in ("link", "deep/secret", "fifo"):
        with pytest.raises(OSError, match=r"."):
            opened(tmp_path / "ml" / name, tree)
