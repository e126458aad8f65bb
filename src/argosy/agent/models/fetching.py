"""One model's files from S3 into its folder. Meant for a `Child`: blocking, and input is hostile.

The folder lies outside of what models can write to; it is complete or not there.
"""

import contextlib
import errno
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from argosy.agent.models import names
from argosy.ground.instances import StoreAccess
from argosy.objects.archive import unpack
from argosy.objects.client import ObjectStore
from argosy.objects.errors import BadArchive, BucketMissing, ObjectMissing, StoreAway, StoreError
from argosy.objects.uri import parse_s3_uri

_PATIENCE_S = 20.0
_CHECK_PATIENCE_S = 1.0


@dataclass(frozen=True)
class Fetched:
    """What came of it."""

    status: int = 200
    """200, or as MODEL is answered (`argosy.runtimes.frames`); 507: the disk is full."""
    message: str = ""
    etag: str = ""
    """Which version of the object lies in the folder, or in S3 after a check."""
    size: int = 0
    """Bytes of the files."""
    requirements: bool = False
    """The archive has a requirements.txt, which is not installed."""

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "Fetched":
        """Of what `to_text` gave; any other text is why the work broke off."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return cls(status=500, message=text or "Fetching the model data broke off.")


def fetch(access: StoreAccess, uri: str, folder: Path, etag: str, max_bytes: int) -> Fetched:
    """Have the object as it is now in `folder`/model; nothing is done where `etag`, which lies
    there, is still current. A store that is away leaves in place what is there."""
    store = ObjectStore(access, patience_s=_CHECK_PATIENCE_S if etag else _PATIENCE_S)
    try:
        now = store.head(parse_s3_uri(uri)).etag
        if etag and now == etag:
            return _there(folder, etag)
        return _replace(store, uri, folder, now, max_bytes)
    except (ObjectMissing, BucketMissing):
        return Fetched(404, names.not_there(uri))
    except StoreAway as error:
        return _there(folder, etag) if etag else Fetched(500, str(error))
    except StoreError as error:
        return Fetched(404, f"{names.not_there(uri)} {error}")
    except BadArchive as error:
        return Fetched(422, names.not_unpacked(uri, str(error)))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = f"Fetching {uri} failed: {error.strerror or error}."
        return Fetched(507 if full else 500, why)
    finally:
        store.close()


def check(access: StoreAccess, uri: str) -> Fetched:
    """Which version of the object is there now; 404 when none is, 500 when nobody can say."""
    store = ObjectStore(access, patience_s=_CHECK_PATIENCE_S)
    try:
        return Fetched(etag=store.head(parse_s3_uri(uri)).etag)
    except (ObjectMissing, BucketMissing):
        return Fetched(404, names.not_there(uri))
    except StoreError as error:
        return Fetched(500, str(error))
    finally:
        store.close()


def _replace(store: ObjectStore, uri: str, folder: Path, etag: str, limit: int) -> Fetched:
    staged = folder.with_name(f".{folder.name}")
    packed = folder.with_name(f".{folder.name}.packed")
    shutil.rmtree(staged, ignore_errors=True)
    try:
        store.get_file(parse_s3_uri(uri), packed, limit)
        (staged / "model").mkdir(mode=0o755, parents=True)
        unpack(packed, staged / "model", limit, name=uri)
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(staged, folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        packed.unlink(missing_ok=True)
    return _there(folder, etag)


def _there(folder: Path, etag: str) -> Fetched:
    model = folder / "model"
    wants = any((model / name).exists() for name in ("requirements.txt", "code/requirements.txt"))
    return Fetched(etag=etag, size=_size_of(folder), requirements=wants)


def _size_of(folder: Path) -> int:
    total = 0
    for where, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(where, name)).st_size
    return total
