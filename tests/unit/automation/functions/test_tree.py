"""The files of an environment: links to the code, layers over each other."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from argosy.automation.functions import tree


def tree_of(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_files_are_linked_and_later_trees_lie_over_earlier_ones(tmp_path: Path) -> None:
    below = tree_of(tmp_path / "below", a_x="1", a_y="1", b="1", c_z="1")
    above = tree_of(tmp_path / "above", a_x="2", b_w="2", c="2")
    code, task, layers = tree_of(tmp_path / "code", app="3"), tmp_path / "task", tmp_path / "layers"
    for folder in (task, layers):
        folder.mkdir()

    tree.furnish(task, layers, code, [below, above])

    assert (task / "app").samefile(code / "app")
    seen = {str(p.relative_to(layers)): p.read_text() for p in layers.rglob("*") if p.is_file()}
    assert seen == {"a/x": "2", "a/y": "1", "b/w": "2", "c": "2"}
    assert (below / "a" / "x").read_text() == "1"


def test_links_in_the_code_stay_links(tmp_path: Path) -> None:
    code, place = tree_of(tmp_path / "code", real="1"), tmp_path / "task"
    (code / "link").symlink_to("real")
    place.mkdir()
    tree.overlay(code, place)
    assert os.readlink(place / "link") == "real"


def test_where_there_are_no_links_files_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EXDEV, "no")

    code, place = tree_of(tmp_path / "code", app="1"), tmp_path / "task"
    place.mkdir()
    monkeypatch.setattr(os, "link", refuse)
    tree.overlay(code, place)
    assert (place / "app").read_text() == "1"
