"""The S3 client: what it sends is signed, what fails is one sentence, what is away is retried."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.objects.client import ObjectStore
from argosy.objects.errors import (
    AccessRefused,
    BadUri,
    BucketMissing,
    ObjectMissing,
    ObjectTooLarge,
    StoreAway,
)
from argosy.objects.uri import S3Uri, parse_s3_uri
from tests.support.tiny_store import TinyStore, tiny_store

URI = S3Uri("models", "a b/ü+.tar.gz")


@pytest.fixture(params=["tcp", "unix"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TinyStore]:
    with tiny_store(tmp_path / "s.sock" if request.param == "unix" else None) as store:
        store.buckets.add("models")
        yield store


@pytest.fixture
def store(server: TinyStore) -> Iterator[ObjectStore]:
    client = ObjectStore(server.access, patience_s=3)
    yield client
    client.close()


def test_what_was_put_comes_back(store: ObjectStore, tmp_path: Path) -> None:
    store.put(URI, b"content")
    size = store.get_file(URI, tmp_path / "file", max_bytes=100)
    assert (size, (tmp_path / "file").read_bytes()) == (7, b"content")
    assert store.get(URI) == b"content"
    assert store.head(URI).size == 7


def test_a_file_is_put_whole(store: ObjectStore, server: TinyStore, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 1_000_000)
    store.put(URI, tmp_path / "large")
    assert server.objects[f"models/{URI.key}"] == b"x" * 1_000_000


def test_exists_tells_an_object_from_none(store: ObjectStore) -> None:
    assert not store.exists(URI)
    store.put(URI, b"x")
    assert store.exists(URI)
    store.delete(URI)
    assert not store.exists(URI)


def test_what_is_missing_is_named(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissing, match="s3://models/a b/ü"):
        store.get(URI)
    with pytest.raises(BucketMissing, match="The bucket other does not exist"):
        store.get(S3Uri("other", "k"))


def test_a_wrong_secret_is_refused_at_once(server: TinyStore) -> None:
    store = ObjectStore(dataclasses.replace(server.access, secret_access_key="wrong"))
    with pytest.raises(AccessRefused, match="SignatureDoesNotMatch"):
        store.get(URI)
    store.close()
    assert len(server.requests) == 1


def test_an_object_beyond_the_limit_is_not_fetched(store: ObjectStore, tmp_path: Path) -> None:
    store.put(URI, b"x" * 1001)
    with pytest.raises(ObjectTooLarge, match="1000"):
        store.get_file(URI, tmp_path / "file", max_bytes=1000)


def test_server_errors_are_tried_again(store: ObjectStore, server: TinyStore) -> None:
    store.put(URI, b"x")
    server.failures = [503, 500, 429]
    assert store.get(URI) == b"x"


def test_an_answer_cut_in_the_middle_is_fetched_again(
    store: ObjectStore, server: TinyStore, tmp_path: Path
) -> None:
    store.put(URI, b"x" * 500_000)
    server.cuts = [300_000]
    store.get_file(URI, tmp_path / "file", max_bytes=1 << 20)
    assert (tmp_path / "file").stat().st_size == 500_000


def test_a_store_that_stays_away_is_said_to_be_away(server: TinyStore, tmp_path: Path) -> None:
    access = dataclasses.replace(server.access, socket=str(tmp_path / "nobody.sock"))
    store = ObjectStore(access, patience_s=0.2)
    with pytest.raises(StoreAway, match="does not answer"):
        store.get(URI)
    store.close()


def test_uris_are_taken_apart() -> None:
    assert parse_s3_uri("s3://b/k/l.tar.gz") == S3Uri("b", "k/l.tar.gz")


@pytest.mark.parametrize("text", ["", "s3://", "s3://b", "s3://b/", "https://b/k", "/b/k"])
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(BadUri, match="s3://bucket/key"):
        parse_s3_uri(text)
