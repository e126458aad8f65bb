"""Pipe mode: a channel as a FIFO for each epoch, fed from S3. Meant for a `Child`: blocking.

`<path>_0` is there when the algorithm starts; once it has been read, or its reader has closed it,
`<path>_1` follows, and so on until the job ends. Source: reference/container-contract.md §6.
"""

import contextlib
import errno
import os
import stat
import struct
import threading
import zlib
from collections.abc import Callable, Iterator

from argosy.agent.jobs.layout import Places
from argosy.agent.jobs.objects import PATIENCE_S, Group, Item, groups_of, in_epoch, share
from argosy.ground.instances import StoreAccess
from argosy.ground.jobs import PIPE, Channel, JobSpec
from argosy.objects.client import ObjectStore
from argosy.objects.errors import StoreError

_PIECE = 1 << 20
_GZIP_WINDOW = 31
_MAGIC = 0xCED7230A
_LONGEST_RECORD = (1 << 29) - 1
_HEAD = struct.Struct("<II")


class BadGzip(StoreError):
    """What is said to be Gzip is not."""


def prepare(job: JobSpec, places: Places) -> None:
    """Make the first FIFO of each channel. Raises OSError."""
    for channel in channels_of(job):
        os.mkfifo(places.host(f"{channel.path}_0"), 0o666)


def channels_of(job: JobSpec) -> list[Channel]:
    """Those in Pipe mode."""
    return [channel for channel in job.channels if channel.mode == PIPE]


def feed(job: JobSpec, places: Places, access: StoreAccess) -> str:
    """Feed all channels for as long as the algorithm reads; returns why one of them cannot be."""
    ended, failures = threading.Event(), [""]

    def run(channel: Channel) -> None:
        try:
            store = ObjectStore(access, patience_s=PATIENCE_S)
            Feeder(channel, job, places, store).run()
        except StoreError as error:
            failures.append(f"Data download failed (channel {channel.name}): {error}")
        except OSError as error:
            failures.append(f"Channel {channel.name} cannot be fed: {error.strerror or error}.")
        ended.set()

    for channel in channels_of(job):
        threading.Thread(target=run, args=(channel,), daemon=True).start()
    ended.wait()
    return failures[-1]


class Feeder:
    """One channel. `run` returns only by an error."""

    def __init__(self, channel: Channel, job: JobSpec, places: Places, store: ObjectStore) -> None:
        path = places.host(channel.path)
        self._channel = channel
        self._name = path.name
        self._folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._store = store
        groups = groups_of(store, channel)
        self._groups = share(groups, job.host, job.hosts) if channel.sharded else groups

    def run(self) -> None:
        """Epoch after epoch. Raises StoreError, OSError."""
        epoch = 0
        while True:
            self._epoch(epoch)
            epoch += 1

    def _epoch(self, epoch: int) -> None:
        name = fifo(self._folder, self._name, epoch)
        descriptor = self._opened(name)
        fifo(self._folder, self._name, epoch + 1)  # there whenever this one's reader has enough
        try:
            with contextlib.suppress(BrokenPipeError):  # who closes early wants the next one
                for group in in_epoch(self._groups, self._channel.shuffle_seed, epoch):
                    self._write_group(descriptor, group)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self._folder)
        finally:
            os.close(descriptor)

    def _opened(self, name: str) -> int:
        """The FIFO, once somebody reads it; never what an algorithm has put in its place."""
        flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(name, flags, dir_fd=self._folder)
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, f"{name} is no FIFO any more")
        return descriptor

    def _write_group(self, descriptor: int, group: Group) -> None:
        for item in group:
            if self._channel.recordio:
                record(b"".join(self._pieces(item)), lambda data: _write_all(descriptor, data))
            else:
                for piece in self._pieces(item):
                    _write_all(descriptor, piece)

    def _pieces(self, item: Item) -> Iterator[bytes]:
        if item.uri is None:
            yield item.value
            return
        with self._store.open(item.uri) as reader:
            pieces = iter(lambda: reader.read(_PIECE), b"")
            yield from gunzipped(pieces, str(item.uri)) if self._channel.gzip else pieces


def record(content: bytes, write: Callable[[bytes], None]) -> None:
    """Content as one RecordIO record: magic number, length, content, zeros to a multiple of 4.

    Raises StoreError beyond what a record can hold. Source: dmlc-core recordio.h.
    """
    if len(content) > _LONGEST_RECORD:
        raise StoreError("An object is too large to be one record of RecordIO (512 MiB).")
    write(_HEAD.pack(_MAGIC, len(content)))
    write(content)
    write(b"\0" * (-len(content) % 4))


def gunzipped(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The content of gzip data, of several members too. Raises BadGzip."""
    inside = zlib.decompressobj(_GZIP_WINDOW)
    try:
        for piece in pieces:
            left = piece
            while left:
                if inside.eof:
                    inside = zlib.decompressobj(_GZIP_WINDOW)
                yield inside.decompress(left, _PIECE)
                left = inside.unconsumed_tail or (inside.unused_data if inside.eof else b"")
    except zlib.error as error:
        raise BadGzip(f"The object {name} is not Gzip: {error}.") from None
    if not inside.eof:
        raise BadGzip(f"The object {name} ends within its Gzip data.")


def fifo(folder: int, name: str, epoch: int) -> str:
    """The name of an epoch's FIFO; made unless it is there. `folder`: a descriptor."""
    found = f"{name}_{epoch}"
    with contextlib.suppress(FileExistsError):
        os.mkfifo(found, 0o666, dir_fd=folder)
    return found


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
