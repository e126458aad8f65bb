"""Layers and configs as objects: one bucket per account and region, one object per digest.

The bucket is `argosy-registry-ACCOUNT-REGION`, the key `blobs/sha256/HEX`: what lies there can be
checked by its name. Every call blocks, for as long as the store takes.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from weakref import WeakValueDictionary

from argosy.ground.instances import StoreAccess
from argosy.objects.client import ObjectStore
from argosy.objects.errors import BucketMissing
from argosy.objects.uri import S3Uri
from argosy.oci.names import Owner

_BUCKET = re.compile(r"argosy-registry-([0-9]{12})-(.+)")
_PREFIX = "blobs/"


class Blobs:
    """The content that repositories hold links to."""

    def __init__(self, access: StoreAccess) -> None:
        self._store = ObjectStore(access)
        self._locks: WeakValueDictionary[S3Uri, asyncio.Lock] = WeakValueDictionary()

    def close(self) -> None:
        self._store.close()

    def lock(self, owner: Owner, digest: str) -> asyncio.Lock:
        """Held by whoever writes a digest and its link, or removes it since nobody has a link."""
        return self._locks.setdefault(uri_of(owner, digest), asyncio.Lock())

    def put(self, owner: Owner, digest: str, path: Path) -> None:
        """Store a file's content, which must have that digest. Raises StoreError, OSError."""
        uri = uri_of(owner, digest)
        try:
            if self._store.exists(uri):
                return
            self._store.put(uri, path)
        except BucketMissing:
            self._store.create_bucket(uri.bucket)
            self._store.put(uri, path)

    def reading(
        self, owner: Owner, digest: str, first: int = 0
    ) -> AbstractContextManager[Iterator[bytes]]:
        """The content from a byte on, in pieces. Raises StoreError."""
        return self._store.reading(uri_of(owner, digest), first)

    def owners(self) -> list[Owner]:
        """Who has a bucket. Raises StoreError."""
        found = [_BUCKET.fullmatch(name) for name in self._store.buckets()]
        return [Owner(match[1], match[2]) for match in found if match]

    def digests(self, owner: Owner) -> list[str]:
        """All that is stored for them. Raises StoreError."""
        keys = self._store.keys(bucket_of(owner), _PREFIX)
        return [key.removeprefix(_PREFIX).replace("/", ":", 1) for key in keys]

    def delete(self, owner: Owner, digest: str) -> None:
        self._store.delete(uri_of(owner, digest))


def bucket_of(owner: Owner) -> str:
    return f"argosy-registry-{owner.account}-{owner.region}"


def uri_of(owner: Owner, digest: str) -> S3Uri:
    """Where content of a digest lies."""
    return S3Uri(bucket_of(owner), _PREFIX + digest.replace(":", "/", 1))
