"""What an algorithm left, written to S3. Meant for a `Child`: blocking.

Folders are read as they are found, never through links that lead out of them: the algorithm made
those, and they could name any file of the machine. A link to a file of the same folder is followed.
"""

import contextlib
import json
import os
import stat
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from argosy.agent.jobs.layout import Places, Tree
from argosy.agent.jobs.objects import PATIENCE_S
from argosy.ground.files import write_json
from argosy.ground.instances import StoreAccess
from argosy.ground.jobs import JobSpec, Upload, Written
from argosy.objects.client import ObjectStore
from argosy.objects.errors import StoreError
from argosy.objects.uri import S3Uri, parse_s3_uri
from argosy.objects.writing import ObjectWriter

RESULT = "uploaded.json"
"""In the instance's folder: a list of `Written`."""
_LEVEL = 6
_AT_ONCE = 4
_PIECE = 1 << 20
_GZIP_WINDOW = 31
_LARGER = 4
"""Links and holes make files larger than their volume, but not by more than this in earnest."""


class TooLarge(Exception):
    """Files that have more bytes than a volume of the job's size could hold."""


def check_size(size: int, job: JobSpec) -> None:
    """Holes and links take no room on the job's volume, but would in S3. Raises TooLarge."""
    if job.volume_bytes and size > _LARGER * job.volume_bytes:
        raise TooLarge(
            f"a folder's files have {size / 1e9:.1f} GB, which its volume of "
            f"{job.volume_bytes / 1e9:.1f} GB does not hold."
        )


def upload(
    job: JobSpec,
    places: Places,
    access: StoreAccess,
    merged: Mapping[str, list[Tree]],
    failed: bool,
) -> str:
    """Write all outputs and note them in RESULT; "" or why it cannot be done.

    merged: for what is packed, local path → the folders of all hosts behind it; {} where another
    host packs.
    """
    store = ObjectStore(access, patience_s=PATIENCE_S, connections=_AT_ONCE)
    written: list[Written] = []
    try:
        for one in job.uploads:
            if failed and not one.after_failure:
                continue
            packed = merged.get(one.local_path, [])
            trees = packed if one.packed else [places.tree(one.local_path)]
            for tree in trees:
                check_size(_size_of(tree), job)
            if one.packed:
                written += _pack(store, one, trees)
            else:
                written += put_folder(store, trees[0], one.uri)
    except (StoreError, TooLarge, tarfile.TarError) as error:
        return f"Uploading the outputs failed: {error}"
    except OSError as error:
        return f"Uploading the outputs failed: {error.strerror or error}."
    finally:
        store.close()
        write_json(places.folders.root / RESULT, [asdict(one) for one in written], sync=False)
    return ""


def uploaded(root: Path) -> tuple[Written, ...]:
    """What RESULT says."""
    try:
        return tuple(Written(**one) for one in json.loads((root / RESULT).read_text()))
    except (OSError, ValueError):
        return ()


def files_of(tree: Tree) -> dict[str, Path]:
    """Name below the folder → the plain file there, in order of name.

    Links are followed to plain files of the same folder only; all else that is no file is left
    out, and everything where the folder itself leads elsewhere.
    """
    root, found = tree.path.resolve(), {}
    if not root.is_relative_to(tree.base.resolve()):
        return {}
    for path in _paths_below(root):
        target = _plain_file(path, root, tree)
        if target is not None:
            found[path.relative_to(root).as_posix()] = target
    return found


def _paths_below(root: Path) -> Iterator[Path]:
    """All that is no folder, in order of name; `os.walk` goes no deeper than Python's stack."""
    waiting = [root]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            found = sorted(entries, key=lambda one: one.name)
            yield from (Path(one) for one in found if not one.is_dir(follow_symlinks=False))
            waiting += [Path(one) for one in reversed(found) if one.is_dir(follow_symlinks=False)]


def _size_of(tree: Tree) -> int:
    """Bytes of a folder's files as they would be read."""
    size = 0
    for path in files_of(tree).values():
        with contextlib.suppress(OSError):
            size += path.stat().st_size
    return size


def put_folder(store: ObjectStore, tree: Tree, uri: str) -> list[Written]:
    """Write a folder's files below a prefix, several at a time. Raises StoreError, OSError."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        begun = [
            threads.submit(put_file, store, path, tree, uri_below(uri, name))
            for name, path in files_of(tree).items()
        ]
        try:
            return [one.result() for one in begun]
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise


def put_file(store: ObjectStore, path: Path, tree: Tree, uri: S3Uri) -> Written:
    """Write one file of a folder. Raises StoreError, OSError."""
    with opened(path, tree) as file:
        writer = store.writing(uri)
        with _whole(writer):
            while data := file.read(_PIECE):
                writer.write(data)
            size, etag = writer.written, writer.close()
    return Written(uri=str(uri), size=size, etag=etag)


def opened(path: Path, tree: Tree) -> BinaryIO:
    """A plain file of a folder, whatever an algorithm that still runs puts in its place.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    is_plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
    where = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
    if not is_plain or not where.is_relative_to(tree.base.resolve()):
        os.close(descriptor)
        raise OSError(f"{path.name} is no plain file of its folder")
    return os.fdopen(descriptor, "rb")


def uri_below(prefix: str, name: str) -> S3Uri:
    """The object of a file below a prefix, which may end in "/" or not."""
    bucket, _, key = prefix.removeprefix("s3://").partition("/")
    key = f"{key.rstrip('/')}/{name}" if key.rstrip("/") else name
    return S3Uri(bucket, key)


def _pack(store: ObjectStore, one: Upload, trees: list[Tree]) -> Iterator[Written]:
    """One .tar.gz of all hosts' files; of those with one name the last host's is taken."""
    if not trees:
        return
    files: dict[str, tuple[Path, Tree]] = {}
    for tree in trees:
        files |= {name: (path, tree) for name, path in files_of(tree).items()}
    if not files and one.optional:
        return
    uri = parse_s3_uri(one.uri)
    writer = store.writing(uri, "application/x-gzip")
    with _whole(writer):
        _write_archive(writer, sorted(files.items()))
        size, etag = writer.written, writer.close()
    yield Written(uri=str(uri), size=size, etag=etag)


def _write_archive(writer: ObjectWriter, files: Iterable[tuple[str, tuple[Path, Tree]]]) -> None:
    """A .tar.gz straight into an object, never whole on disk or in memory."""
    squeezed = _Squeezed(writer)
    with tarfile.open(fileobj=squeezed, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
        for name, (path, tree) in files:
            with opened(path, tree) as file:
                status = os.fstat(file.fileno())
                entry = tarfile.TarInfo(name)
                entry.size, entry.mtime = status.st_size, int(status.st_mtime)
                entry.mode = 0o755 if status.st_mode & 0o100 else 0o644
                tar.addfile(entry, file)
    squeezed.finish()


class _Squeezed:
    """A file to write to, whose gzip goes to an object."""

    def __init__(self, writer: ObjectWriter) -> None:
        self._writer = writer
        self._gzip = zlib.compressobj(_LEVEL, wbits=_GZIP_WINDOW)

    def write(self, data: bytes) -> int:
        squeezed = self._gzip.compress(data)
        if squeezed:
            self._writer.write(squeezed)
        return len(data)

    def finish(self) -> None:
        self._writer.write(self._gzip.flush())


@contextlib.contextmanager
def _whole(writer: ObjectWriter) -> Iterator[None]:
    """Abandon an object when what writes it fails; closing it is for the caller."""
    try:
        yield
    except BaseException:
        writer.abandon()
        raise


def _plain_file(path: Path, root: Path, tree: Tree) -> Path | None:
    try:
        target = _leads_to(path, tree).resolve(strict=True) if path.is_symlink() else path
    except (OSError, RuntimeError):
        return None
    inside = target.is_relative_to(root)
    return target if inside and target.is_file() and not target.is_symlink() else None


def _leads_to(link: Path, tree: Tree) -> Path:
    """A link, or where one leads that names its target as the algorithm sees it."""
    named = Path(os.readlink(link))
    if tree.seen and named.is_relative_to(tree.seen):
        return tree.base / named.relative_to(tree.seen)
    return link
