"""The S3 client on large objects: ranges, versions, uploads in parts, lists."""

import hashlib
from collections.abc import Iterator

import pytest

from argosy.objects.client import ObjectStore
from argosy.objects.errors import ObjectChanged, ObjectExists, ObjectMissing, UploadMissing
from argosy.objects.multipart import MIN_PART, Part
from argosy.objects.uri import S3Uri
from tests.support.tiny_store import TinyStore, tiny_store

URI = S3Uri("data", "in/rows é.csv")


@pytest.fixture
def server() -> Iterator[TinyStore]:
    with tiny_store() as store:
        store.buckets.add("data")
        yield store


@pytest.fixture
def store(server: TinyStore) -> Iterator[ObjectStore]:
    client = ObjectStore(server.access, patience_s=3)
    yield client
    client.close()


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [(0, None, b"0123456789"), (3, None, b"3456789"), (3, 7, b"3456"), (4, 4, b""), (9, 99, b"9")],
)
def test_any_range_of_an_object_is_read(
    store: ObjectStore, start: int, end: int | None, said: bytes
) -> None:
    etag = store.put(URI, b"0123456789")
    with store.open(URI, start, end, etag=etag) as reader:
        assert b"".join(iter(lambda: reader.read(2), b"")) == said


def test_an_empty_object_is_read_as_nothing(store: ObjectStore) -> None:
    store.put(URI, b"")
    with store.open(URI) as reader:
        assert (reader.read(10), reader.read(10)) == (b"", b"")


def test_reading_goes_on_where_the_store_broke_off(store: ObjectStore, server: TinyStore) -> None:
    store.put(URI, b"x" * 100 + b"y" * 100)
    server.cuts = [150]
    with store.open(URI, 10) as reader:
        server.failures += [503]
        assert reader.read(1000) == b"x" * 90 + b"y" * 100
    assert server.requests.count("GET /data/in/rows%20%C3%A9.csv") == 3


def test_another_version_is_never_read_on(store: ObjectStore, server: TinyStore) -> None:
    etag = store.put(URI, b"first" * 100)
    server.cuts = [100]
    with store.open(URI, etag=etag) as reader:
        store.put(URI, b"other" * 100)
        with pytest.raises(ObjectChanged, match=r"data/in/rows é.csv was changed"):
            reader.read(500)
    with pytest.raises(ObjectChanged):
        store.open(URI, etag=etag)


def test_an_object_that_shall_be_new_replaces_none(store: ObjectStore) -> None:
    store.put(URI, b"first", new=True)
    with pytest.raises(ObjectExists):
        store.put(URI, b"second", new=True)
    assert store.get(URI) == b"first"


def test_parts_become_an_object_in_order_of_number(store: ObjectStore, server: TinyStore) -> None:
    upload_id = store.multipart.create(URI, "text/csv")
    last = store.multipart.put(URI, upload_id, 9_998, [b"the ", memoryview(b"end")])
    first = store.multipart.put(URI, upload_id, 7, b"x" * MIN_PART)
    assert not store.exists(URI)
    store.multipart.complete(URI, upload_id, [first, last])
    assert store.get(URI) == b"x" * MIN_PART + b"the end"
    assert store.head(URI).content_type == "text/csv"
    assert server.left == 0


def test_server_errors_on_parts_are_tried_again(store: ObjectStore, server: TinyStore) -> None:
    server.failures = [503]
    upload_id = store.multipart.create(URI)
    server.failures = [500, 503]
    part = store.multipart.put(URI, upload_id, 1, [b"a", b"b"])
    server.failures = [500]
    store.multipart.complete(URI, upload_id, [part])
    assert store.get(URI) == b"ab"


def test_what_was_aborted_takes_no_more_parts(store: ObjectStore) -> None:
    upload_id = store.multipart.create(URI)
    store.multipart.abort(URI, upload_id)
    store.multipart.abort(URI, upload_id)
    with pytest.raises(UploadMissing):
        store.multipart.put(URI, upload_id, 1, b"late")
    with pytest.raises(UploadMissing):
        store.multipart.complete(URI, upload_id, [Part(1, hashlib.md5(b"late").hexdigest())])


@pytest.mark.parametrize("pieces", [0, 3, 40])
def test_an_object_is_written_piece_by_piece(
    store: ObjectStore, server: TinyStore, pieces: int
) -> None:
    content = [bytes([number]) * (1 << 19) for number in range(pieces)]
    with store.writing(URI, "text/csv") as writer:
        for piece in content:
            writer.write(piece)
        assert not store.exists(URI)
    assert server.objects[f"data/{URI.key}"] == b"".join(content)
    assert store.head(URI).content_type == "text/csv"


def test_what_breaks_off_while_written_leaves_nothing(
    store: ObjectStore, server: TinyStore
) -> None:
    def write_much_and_fail() -> None:
        with store.writing(URI) as writer:
            for _ in range(20):
                writer.write(b"x" * (1 << 20))
            raise KeyError

    with pytest.raises(KeyError):
        write_much_and_fail()
    assert (server.objects, server.left) == ({}, 0)


def test_lists_go_on_beyond_a_page(store: ObjectStore, server: TinyStore) -> None:
    for number in range(2_345):
        server.objects[f"data/many/{number:05}"] = b"x" * (number % 7)
    found = list(store.listing("data", "many/"))
    assert [one.key for one in found] == [f"many/{number:05}" for number in range(2_345)]
    assert (found[6].size, found[6].etag) == (6, hashlib.md5(b"x" * 6).hexdigest())


def test_a_missing_object_is_no_changed_one(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissing):
        store.open(URI, etag="0" * 32)
