"""Emptying a whole store: what `reset` needs, and nothing else should."""

from argosy.ground.instances import StoreAccess
from argosy.objects.client import ObjectStore
from argosy.objects.uri import S3Uri


def remove_all_buckets(access: StoreAccess) -> None:
    """Delete every object and every bucket of the store. Raises StoreError."""
    store = ObjectStore(access)
    try:
        for bucket in store.buckets():
            for key in list(store.keys(bucket)):
                store.delete(S3Uri(bucket, key))
            store.delete_bucket(bucket)
    finally:
        store.close()
