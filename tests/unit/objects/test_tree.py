"""Objects below a prefix become files of one folder, or a sentence says why they cannot."""

from pathlib import Path
from typing import Any

import pytest

from argosy.objects.client import ObjectStore
from argosy.objects.errors import BadTree, ObjectMissing
from argosy.objects.tree import get_one, get_tree
from argosy.objects.uri import S3Uri

PREFIX = S3Uri("models", "fraud/7/")


class Objects(ObjectStore):
    """A store with these objects in the bucket "models"."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def keys(self, bucket: str, prefix: str = "") -> Any:
        return iter([key for key in self.objects if key.startswith(prefix)])

    def get_file(self, uri: S3Uri, path: Path, max_bytes: int) -> int:
        from argosy.objects.client import _too_large

        data = self.objects[uri.key]
        if len(data) > max_bytes:
            raise _too_large(uri, max_bytes)
        return path.write_bytes(data)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_keys_without_the_prefix_are_paths(tmp_path: Path) -> None:
    store = Objects({"fraud/7/m.bin": b"m", "fraud/7/code/inference.py": b"c", "fraud/70": b"x"})

    get_tree(store, PREFIX, tmp_path, 100)

    assert files(tmp_path) == {"m.bin": b"m", "code/inference.py": b"c"}


def test_objects_that_stand_for_folders_are_left_out(tmp_path: Path) -> None:
    get_tree(
        Objects({"fraud/7/": b"", "fraud/7/a/": b"", "fraud/7/a/m": b"m"}), PREFIX, tmp_path, 9
    )

    assert files(tmp_path) == {"a/m": b"m"}


def test_one_object_keeps_the_last_part_of_its_key(tmp_path: Path) -> None:
    get_one(Objects({"fraud/7/m.bin": b"m"}), S3Uri("models", "fraud/7/m.bin"), tmp_path, 9)

    assert files(tmp_path) == {"m.bin": b"m"}


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (["../../etc/passwd"], "part '..'"),
        (["a/./b"], "part '.'"),
        (["a//b"], "part ''"),
        (["x" * 256], "no file system takes"),
        (["a\0b"], "no file system takes"),
        (["weights", "weights/part1"], "folder that is an object too"),
        (["weights/part1", "weights"], "folder of other objects too"),
    ],
)
def test_a_key_that_names_no_file_is_refused(tmp_path: Path, keys: list[str], told: str) -> None:
    store = Objects({f"fraud/7/{key}": b"" for key in keys})

    with pytest.raises(BadTree, match=told):
        get_tree(store, PREFIX, tmp_path / "model", 9)
    assert not (tmp_path / "etc").exists()


def test_all_of_them_together_are_bounded(tmp_path: Path) -> None:
    store = Objects({f"fraud/7/{number}": b"1234" for number in range(3)})

    with pytest.raises(BadTree, match="more than 10 bytes together"):
        get_tree(store, PREFIX, tmp_path, 10)
    with pytest.raises(BadTree, match="more than 2 objects"):
        get_tree(store, PREFIX, tmp_path, 100, max_objects=2)


def test_an_empty_prefix_is_missing_data(tmp_path: Path) -> None:
    with pytest.raises(ObjectMissing, match="no objects below s3://models/fraud/7/"):
        get_tree(Objects({}), PREFIX, tmp_path, 9)
