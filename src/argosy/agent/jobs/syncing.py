"""A folder kept the same in S3 while the algorithm runs: checkpoints, continuous outputs.

What is new or changed goes up once it has been still for a moment, what was deleted is deleted
there too; only keys that this host has restored or written are ever deleted. What others add to
the prefix is not fetched (reference/container-contract.md §6).
"""

import contextlib
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from argosy.agent.child import told_to_end
from argosy.agent.jobs.inputs import fetch_items
from argosy.agent.jobs.layout import Places, Tree
from argosy.agent.jobs.objects import PATIENCE_S, Item, name_below
from argosy.agent.jobs.uploads import TooLarge, check_size, files_of, put_file, uri_below
from argosy.ground.instances import StoreAccess
from argosy.ground.jobs import JobSpec
from argosy.objects.client import ObjectStore
from argosy.objects.errors import BadTree, StoreAway, StoreError
from argosy.objects.uri import S3Uri

EVERY_S = 1.0
_AWAY_S = 5.0
"""Between tries while the store is away."""


class Look(NamedTuple):
    """A file as it was seen: another look, another content."""

    size: int
    changed_ns: int
    number: int


class Folder(NamedTuple):
    """A folder and the prefix that it is kept at."""

    tree: Tree
    uri: str
    mirrors: bool
    """Deletions count too."""


class Sync:
    """One folder's comparison with S3, step by step."""

    def __init__(
        self, job: JobSpec, store: ObjectStore, folder: Folder, known: dict[str, Look]
    ) -> None:
        """`known`: what lies in S3 already, as it is here."""
        self._job = job
        self._store = store
        self._folder = folder
        self._there = known
        self._seen: dict[str, Look] = {}

    def step(self, *, last: bool = False) -> None:
        """Upload and delete what has changed since; `last`: what changed a moment ago, too.

        Raises StoreError, TooLarge. A file that vanishes while it is read counts as deleted.
        """
        now = look_at(self._folder.tree)
        check_size(sum(look.size for _, look in now.values()), self._job)
        for name, path, _ in self._new(now, last):
            with contextlib.suppress(OSError):
                put_file(self._store, path, self._folder.tree, uri_below(self._folder.uri, name))
                self._there[name] = now[name][1]
        if self._folder.mirrors:
            for name in [name for name in self._there if name not in now]:
                self._store.delete(uri_below(self._folder.uri, name))
                del self._there[name]
        self._seen = {name: look for name, (_, look) in now.items()}

    def _new(self, now: dict[str, tuple[Path, Look]], last: bool) -> list[tuple[str, Path, Look]]:
        return [
            (name, path, look)
            for name, (path, look) in now.items()
            if self._there.get(name) != look and (last or self._seen.get(name) == look)
        ]


def look_at(tree: Tree) -> dict[str, tuple[Path, Look]]:
    """Every plain file of a folder, as it is now."""
    found = {}
    for name, path in files_of(tree).items():
        with contextlib.suppress(OSError):
            status = path.stat()
            found[name] = (path, Look(status.st_size, status.st_mtime_ns, status.st_ino))
    return found


def restore(job: JobSpec, places: Places, access: StoreAccess, most: int) -> str:
    """Fill the folder of checkpoints from S3; "" or why it cannot be done."""
    if job.checkpoints is None:
        return ""
    bucket, _, prefix = job.checkpoints.uri.removeprefix("s3://").partition("/")
    prefix = f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else ""
    store = ObjectStore(access, patience_s=PATIENCE_S)
    try:
        items = [
            Item(S3Uri(bucket, key), name_below(key, prefix))
            for key in store.keys(bucket, prefix)
            if not key.endswith("/")
        ]
        fetch_items(store, items, places.host(job.checkpoints.local_path), most)
    except (StoreError, BadTree) as error:
        return f"The checkpoints cannot be restored: {error}"
    except OSError as error:
        return f"The checkpoints cannot be restored: {error.strerror or error}."
    finally:
        store.close()
    return ""


def folders_of(job: JobSpec, places: Places) -> list[Folder]:
    """What is to be kept in S3 while the job runs."""
    found = [
        Folder(places.tree(one.local_path), one.uri, mirrors=False)
        for one in job.uploads
        if one.continuous and not one.packed
    ]
    if job.checkpoints is not None:
        tree = places.tree(job.checkpoints.local_path)
        found.append(Folder(tree, job.checkpoints.uri, mirrors=True))
    return found


def keep(job: JobSpec, folders: Iterable[Folder], access: StoreAccess) -> str:
    """Keep folders in S3 until SIGTERM, then once more; "" or why the last time failed.

    For a `Child` that heeds SIGTERM.
    """
    stop = told_to_end()
    store = ObjectStore(access)
    syncs = [Sync(job, store, one, _known(one)) for one in folders]
    try:
        while not stop.wait(EVERY_S):
            try:
                for one in syncs:
                    one.step()
            except StoreError as error:
                sys.stderr.write(f"checkpoints are not in S3 yet: {error}\n")
                stop.wait(_AWAY_S)
        _finish(syncs)
    except (StoreError, TooLarge) as error:
        return f"The checkpoints could not be written: {error}"
    finally:
        store.close()
    return ""


def _finish(syncs: list[Sync]) -> None:
    """The last time, for which a store that is away is waited for. Raises StoreError, TooLarge."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            for one in syncs:
                one.step(last=True)
        except StoreAway:
            if time.monotonic() > deadline:
                raise
            time.sleep(_AWAY_S)
        else:
            return


def _known(folder: Folder) -> dict[str, Look]:
    """What was restored a moment ago. A folder of outputs begins empty."""
    return {name: look for name, (_, look) in look_at(folder.tree).items()}
