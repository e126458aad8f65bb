"""What transforms and asynchronous inference rest on: the built-in store keeps S3's promises."""

import hashlib
from collections.abc import Iterator

import pytest

from argosy.ground.instances import StoreAccess
from argosy.objects.client import ObjectStore
from argosy.objects.errors import ObjectChanged, ObjectExists, StoreError, UploadMissing
from argosy.objects.multipart import MIN_PART
from argosy.objects.uri import S3Uri
from argosy.testing import Platform
from tests.support.tiny_store import tiny_store

BUCKET = "promises"


@pytest.fixture(params=["built in", "for tests"])
def store(request: pytest.FixtureRequest) -> Iterator[ObjectStore]:
    """The store of a platform, and the one that other tests take for it."""
    if request.param == "for tests":
        with tiny_store() as tiny:
            tiny.buckets.add(BUCKET)
            client = ObjectStore(tiny.access)
            yield client
            client.close()
        return
    platform: Platform = request.getfixturevalue("platform")
    credentials = platform.credentials
    client = ObjectStore(
        StoreAccess(
            url=platform.url,
            region=platform.region,
            access_key_id=credentials.access_key_id,
            secret_access_key=credentials.secret_access_key,
        )
    )
    client.create_bucket(BUCKET)
    yield client
    client.close()


def test_a_version_is_read_by_ranges_and_no_other_one(store: ObjectStore) -> None:
    uri = S3Uri(BUCKET, "versions/ä b")
    etag = store.put(uri, b"0123456789", "text/csv")
    with store.open(uri, 2, 5, etag=etag) as reader:
        assert (reader.read(100), reader.info) == (b"234", (10, etag, "text/csv"))
    store.put(uri, b"9876543210")
    with pytest.raises(ObjectChanged):
        store.open(uri, 2, 5, etag=etag)


def test_what_is_to_be_new_replaces_nothing(store: ObjectStore) -> None:
    uri = S3Uri(BUCKET, "new/one")
    store.delete(uri)
    store.put(uri, b"first", new=True)
    with pytest.raises(ObjectExists):
        store.put(uri, b"second", new=True)
    assert store.get(uri) == b"first"


def test_parts_are_joined_by_number_and_their_etag_is_known_beforehand(store: ObjectStore) -> None:
    uri = S3Uri(BUCKET, "parts/one")
    upload_id = store.multipart.create(uri, "text/csv")
    last = store.multipart.put(uri, upload_id, 9_998, [b"the ", memoryview(b"end")])
    first = store.multipart.put(uri, upload_id, 17, b"x" * MIN_PART)
    store.multipart.complete(uri, upload_id, [first, last])
    digests = bytes.fromhex(first.etag) + bytes.fromhex(last.etag)
    assert store.head(uri) == (MIN_PART + 7, f"{hashlib.md5(digests).hexdigest()}-2", "text/csv")
    with store.open(uri, MIN_PART - 1) as reader:
        assert reader.read(100) == b"xthe end"


def test_small_parts_in_front_are_refused(store: ObjectStore) -> None:
    uri = S3Uri(BUCKET, "parts/small")
    upload_id = store.multipart.create(uri)
    parts = [store.multipart.put(uri, upload_id, number, b"x" * 100) for number in (1, 2)]
    with pytest.raises(StoreError, match="EntityTooSmall"):
        store.multipart.complete(uri, upload_id, parts)
    assert not store.exists(uri)
    store.multipart.abort(uri, upload_id)


def test_an_upload_that_was_given_up_takes_nothing_more(store: ObjectStore) -> None:
    uri = S3Uri(BUCKET, "parts/aborted")
    upload_id = store.multipart.create(uri)
    store.multipart.put(uri, upload_id, 1, b"x")
    store.multipart.abort(uri, upload_id)
    with pytest.raises(UploadMissing):
        store.multipart.put(uri, upload_id, 2, b"y")
    assert not store.exists(uri)


def test_lists_have_sizes_and_etags(store: ObjectStore) -> None:
    for number in range(3):
        store.put(S3Uri(BUCKET, f"listed/{number}"), b"x" * number)
    found = [(one.key, one.size, one.etag) for one in store.listing(BUCKET, "listed/")]
    assert found == [
        (f"listed/{number}", number, hashlib.md5(b"x" * number).hexdigest()) for number in range(3)
    ]
