"""Spool files on their way to the store: written by the edge's own code, taken by control's."""

import json
import os
from pathlib import Path

import pytest
from tests.support.tiny_store import tiny_store

from argosy.control.capturing import spooled
from argosy.control.capturing.uploading import upload
from argosy.edge.recorder import capture_for
from argosy.edge.spool import Spool
from argosy.ground.spool import BEGIN, END, HEAD
from argosy.objects.client import ObjectStore
from argosy.objects.errors import BucketMissing

AT = 1_613_824_425.5
CAPTURE = capture_for(
    {
        "percentage": 100.0,
        "destination": "s3://bucket/captured",
        "input": True,
        "output": True,
        "csv": ["text/csv"],
        "json": [],
        "kms_key": "",
    },
    "iris",
    "blue",
)


def chunks(given: bytes, output: bytes = b"0") -> list[bytes]:
    head = b"content-type:text/csv\n"
    lengths = len(head), len(given), len(head), len(output)
    return [HEAD.pack(BEGIN, AT, *lengths), head, given, head, output, END]


def spool(folder: Path, *, room: int = 1 << 30, free: int = 0) -> Spool:
    return Spool(folder, delay_s=60, most_bytes=room, free_bytes=free)


def written(folder: Path, *inputs: bytes) -> Path:
    """A complete spool file."""
    one = spool(folder)
    one.write({(CAPTURE.line, 1): [c for given in inputs for c in chunks(given)]}, AT)
    one.close()
    (path,) = spooled.ready(folder)
    return path


def test_a_spool_file_becomes_one_object_however_often_it_is_uploaded(tmp_path: Path) -> None:
    path = written(tmp_path, b"1,2", b"3,4")
    with tiny_store() as tiny:
        tiny.buckets.add("bucket")
        store = ObjectStore(tiny.access)
        upload(store, path, own_keys=False)
        before = dict(tiny.objects)
        upload(store, path, own_keys=False)
        store.close()

    ((key, content),) = tiny.objects.items()
    assert {key: content} == before
    assert key.startswith("bucket/captured/iris/blue/2021/02/20/12/33-45-500-")
    events = [json.loads(line) for line in content.splitlines()]
    assert [e["captureData"]["endpointInput"]["data"] for e in events] == ["1,2", "3,4"]


def test_a_record_that_was_cut_off_does_not_count(tmp_path: Path) -> None:
    path = written(tmp_path, b"whole", b"torn")
    whole = path.read_bytes()
    with tiny_store() as tiny:
        tiny.buckets.add("bucket")
        store = ObjectStore(tiny.access)
        for cut in range(1, 40, 3):
            path.write_bytes(whole[:-cut])
            assert upload(store, path, own_keys=False) == 1
        store.close()


def test_a_file_without_records_leaves_no_object(tmp_path: Path) -> None:
    path = tmp_path / ("0" * 32 + ".spool")
    path.write_bytes(CAPTURE.line)
    with tiny_store() as tiny:
        store = ObjectStore(tiny.access)
        assert upload(store, path, own_keys=False) == 0
        store.close()
    assert not tiny.objects


def test_a_missing_bucket_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, b"1")
    with tiny_store() as tiny:
        store = ObjectStore(tiny.access)
        with pytest.raises(BucketMissing):
            upload(store, path, own_keys=False)
        store.close()


def test_what_a_living_edge_writes_is_left_alone_and_what_a_dead_one_left_is_taken(
    tmp_path: Path,
) -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        spool(tmp_path).write({(CAPTURE.line, 1): chunks(b"1")}, AT)
        os.write(writing, b"x")
        os.read(reading, 1)  # for ever: the parent writes nothing
        os._exit(0)
    os.close(reading)
    try:
        while not list(tmp_path.glob("*.open")):
            pass
        alive = spooled.ready(tmp_path)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(writing)

    assert alive == []
    assert [path.suffix for path in spooled.ready(tmp_path)] == [".open"]


def test_files_are_private_and_complete_when_they_are_old_or_large(tmp_path: Path) -> None:
    one = spool(tmp_path)
    one.write({(CAPTURE.line, 1): chunks(b"1")}, AT)
    (path,) = tmp_path.iterdir()
    assert path.suffix == ".open"
    assert path.stat().st_mode & 0o777 == 0o600

    one.tend(AT + 61)
    assert [found.suffix for found in tmp_path.iterdir()] == [".spool"]

    one.write({(CAPTURE.line, 2): chunks(b"1" * (9 << 20))}, AT + 61)
    assert [found.suffix for found in tmp_path.iterdir()] == [".spool", ".spool"]
    one.close()


def test_capture_stops_when_too_much_waits_and_goes_on_when_it_is_gone(tmp_path: Path) -> None:
    one = spool(tmp_path, room=1000)
    one.write({(CAPTURE.line, 1): chunks(b"1" * 2000)}, AT)
    assert one.full

    for path in tmp_path.iterdir():
        spooled.remove(path)
    one.tend(AT + 2)
    assert not one.full
    one.close()


def test_capture_stops_when_the_disk_is_nearly_full(tmp_path: Path) -> None:
    one = spool(tmp_path, free=1 << 62)
    one.tend(AT)
    assert one.full


def test_what_cannot_be_written_is_counted_and_leaves_nothing_torn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = spool(tmp_path)
    one.write({(CAPTURE.line, 1): chunks(b"before")}, AT)
    real = os.write

    def half(fd: int, data: bytes) -> int:
        if len(data) > 2000:
            return real(fd, bytes(data[:2000]))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    lost = one.write({(CAPTURE.line, 1): chunks(b"x" * 3000)}, AT)
    monkeypatch.undo()
    one.write({(CAPTURE.line, 1): chunks(b"after")}, AT)
    one.close()

    assert lost == {CAPTURE.line: 1}
    (path,) = spooled.ready(tmp_path)
    assert b"before" in path.read_bytes()
    with tiny_store() as tiny:
        tiny.buckets.add("bucket")
        store = ObjectStore(tiny.access)
        assert upload(store, path, own_keys=False) == 2
        store.close()
