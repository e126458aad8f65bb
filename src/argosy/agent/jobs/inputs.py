"""Fetching what a job needs before its algorithm starts. Meant for a `Child`: blocking.

Channels in File and FastFile mode are files when the algorithm starts, and those of FastFile are
mounted read-only. (A file system that fetches while one reads would need FUSE, which a user without
privileges cannot mount in a sandbox.) Nothing is written outside of a channel's folder.
"""

import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from argosy.agent.fetching import fetch_archive
from argosy.agent.jobs.layout import Places
from argosy.agent.jobs.objects import PATIENCE_S, Item, groups_of, share
from argosy.ground.instances import StoreAccess
from argosy.ground.jobs import PIPE, Channel, JobSpec
from argosy.objects.archive import unpack
from argosy.objects.client import ObjectStore
from argosy.objects.errors import BadArchive, BadTree, StoreError
from argosy.objects.tree import place_of
from argosy.objects.uri import is_s3_uri

_AT_ONCE = 8


def fetch(job: JobSpec, places: Places, access: StoreAccess, code: str, most: int) -> str:
    """Fill all channels, and /opt/ml/code; "" or why it cannot be done.

    code: where that is: an archive in S3, or an archive or folder in a channel; "" for nowhere.
    most: bytes that all of it may have, the code's archive unpacked.
    """
    store = ObjectStore(access, patience_s=PATIENCE_S, connections=_AT_ONCE)
    subject = code
    try:
        if is_s3_uri(code):
            fetch_archive(store, code, places.folders.ml / "code", most)
        budget = most
        for channel in job.channels:
            if channel.mode != PIPE:
                subject = f"channel {channel.name}"
                budget -= _fill(store, channel, job, places.host(channel.path), budget)
        if code and not is_s3_uri(code):
            subject = code
            _take_code(places.host(code), places.folders.ml / "code", most)
    except (StoreError, BadArchive, BadTree) as error:
        return f"Data download failed ({subject}): {error}"
    except OSError as error:
        return f"Data download failed ({subject}): {error.strerror or error}."
    finally:
        store.close()
    return ""


def _take_code(source: Path, target: Path, most: int) -> None:
    """Code that came in a channel, as the SDK sends it with network isolation."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        unpack(source, target, most)


def fetch_items(store: ObjectStore, items: Iterable[Item], folder: Path, most: int) -> int:
    """Fetch objects as files, several at a time; returns their bytes together.

    Raises StoreError, BadTree; OSError when the disk is full.
    """
    wanted = list(items)
    _check(sum(item.size for item in wanted), most)
    places = [(item, _file(folder, item)) for item in wanted]
    for item, file in places:  # only now are all folders there
        if file.is_dir():
            raise BadTree(f"The object {item.uri} is a folder of other objects too.")
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        begun = [
            threads.submit(store.get_file, item.uri, file, most)
            for item, file in places
            if item.uri is not None
        ]
        try:
            sizes = [one.result() for one in begun]
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    _check(sum(sizes), most)
    return sum(sizes)


def _check(size: int, most: int) -> None:
    if size > most:
        raise BadTree(
            f"The objects have {size} bytes together, and there is room for {most}: raise "
            "VolumeSizeInGB."
        )


def _fill(store: ObjectStore, channel: Channel, job: JobSpec, folder: Path, most: int) -> int:
    groups = groups_of(store, channel)
    if channel.sharded:
        groups = share(groups, job.host, job.hosts)
    return fetch_items(store, (item for group in groups for item in group), folder, most)


def _file(folder: Path, item: Item) -> Path:
    """Where the object goes; its folder is made. Raises BadTree."""
    path = folder / place_of(item.name, "")
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise BadTree(f"The object {item.uri} lies in a folder that is an object too.") from None
    return path
