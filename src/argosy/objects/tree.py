"""Objects below a prefix as files in a folder: model data that nobody packed.

An object's key without the prefix is the file's path. Keys that name no plain file below the
folder are refused, as SageMaker refuses them (S3ModelDataSource in the API reference); empty
objects that stand for folders (their keys end in "/") are left out.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NoReturn

from argosy.objects.client import ObjectStore
from argosy.objects.errors import BadTree, ObjectMissing, ObjectTooLarge
from argosy.objects.uri import S3Uri

MAX_OBJECTS = 10_000


def get_tree(
    store: ObjectStore,
    prefix: S3Uri,
    target: Path,
    max_bytes: int,
    *,
    max_objects: int = MAX_OBJECTS,
) -> None:
    """Fetch every object below `prefix`, which ends in "/", into the folder `target`.

    max_bytes, max_objects: limits on all of them together.
    Raises BadTree with a sentence, ObjectMissing when there is nothing, StoreError; the target is
    then incomplete. OSError when the disk is full.
    """
    count, budget = 0, max_bytes
    for key, place in _places(store, prefix):
        count += 1
        if count > max_objects:
            raise BadTree(f"There are more than {max_objects} objects below {prefix}.")
        try:
            budget -= store.get_file(S3Uri(prefix.bucket, key), _file(target, place, key), budget)
        except ObjectTooLarge:
            raise BadTree(
                f"The objects below {prefix} have more than {max_bytes} bytes together (at "
                f"{key!r}); make them smaller or raise max_artifact_gb."
            ) from None
    if not count:
        raise ObjectMissing(f"There are no objects below {prefix}.")


def get_one(store: ObjectStore, uri: S3Uri, target: Path, max_bytes: int) -> None:
    """Fetch one object as it is; the last part of its key is the file's name.

    Raises BadTree for a key that gives no name, StoreError.
    """
    place = place_of(uri.key, uri.key.rpartition("/")[0])
    store.get_file(uri, _file(target, place, uri.key), max_bytes)


def place_of(key: str, prefix: str) -> PurePosixPath:
    """Where the object goes below the folder. Raises BadTree for a key that leads nowhere."""
    parts = key.removeprefix(prefix).removeprefix("/").split("/")
    for part in parts:
        if part in ("", ".", ".."):
            _refuse(key, f"has a part {part!r} in its key")
        if "\0" in part or len(part.encode()) > 255:
            _refuse(key, "has a name no file system takes")
    return PurePosixPath(*parts)


def _places(store: ObjectStore, prefix: S3Uri) -> Iterator[tuple[str, PurePosixPath]]:
    for key in store.keys(prefix.bucket, prefix.key):
        if not key.endswith("/"):
            yield key, place_of(key, prefix.key.rstrip("/"))


def _file(target: Path, place: PurePosixPath, key: str) -> Path:
    path = target / place
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        _refuse(key, "lies in a folder that is an object too")
    if path.is_dir():
        _refuse(key, "is a folder of other objects too")
    return path


def _refuse(key: str, why: str) -> NoReturn:
    raise BadTree(f"The object {key!r} cannot be a file: it {why}. Rename it.")
