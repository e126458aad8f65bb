"""Model data and code from S3 into an instance's folder. Meant for a `Child`: blocking, and heavy.

ml/model           the model's archive, unpacked; or its objects as they are
ml/model/code      the archive of an S3 SAGEMAKER_SUBMIT_DIRECTORY, when the model brings no
                   code/ of its own; else ml/code
"""

from collections.abc import Callable
from pathlib import Path

from argosy.agent import reasons
from argosy.ground.instances import StoreAccess
from argosy.objects.archive import unpack
from argosy.objects.client import ObjectStore
from argosy.objects.errors import BadArchive, BadTree, BucketMissing, ObjectMissing, StoreError
from argosy.objects.tree import get_one, get_tree
from argosy.objects.uri import parse_s3_uri

Fetch = Callable[[ObjectStore, str, Path, int], None]
"""(store, S3 URI, target folder, limit in bytes)."""


def fetch(
    access: StoreAccess,
    model_uri: str,
    code_uri: str,
    ml: Path,
    max_bytes: int,
    *,
    packed: bool = True,
) -> str:
    """Fill the folder `ml`; either URI may be "". Returns "" or why it cannot be done.

    max_bytes: limit on the model's data and on the code's, packed and unpacked.
    packed: the model's data is an archive; else one object, or all below a prefix.
    """
    store = ObjectStore(access)
    model = fetch_archive if packed else _fetch_plain
    try:
        return _telling(model, store, model_uri, ml / "model", max_bytes) or _telling(
            fetch_archive, store, code_uri, _code_folder(ml), max_bytes
        )
    finally:
        store.close()


def _code_folder(ml: Path) -> Path:
    code = ml / "model" / "code"
    return ml / "code" if code.is_dir() else code


def _telling(fetched: Fetch, store: ObjectStore, uri: str, target: Path, max_bytes: int) -> str:
    """Have the data fetched, if there is any; "" or a sentence."""
    if not uri:
        return ""
    try:
        fetched(store, uri, target, max_bytes)
    except (ObjectMissing, BucketMissing) as error:
        return reasons.no_model_data(uri, str(error))
    except (StoreError, BadArchive, BadTree) as error:
        return str(error)
    except OSError as error:
        return f"Fetching {uri} failed: {error.strerror or error}."
    return ""


def fetch_archive(store: ObjectStore, uri: str, target: Path, max_bytes: int) -> None:
    """Unpack an archive of S3 into a folder. Raises StoreError, BadArchive, OSError."""
    packed = target.parent / f".{target.name}.tar.gz"
    try:
        store.get_file(parse_s3_uri(uri), packed, max_bytes)
        target.mkdir(mode=0o755, parents=True, exist_ok=True)
        unpack(packed, target, max_bytes, name=uri)
    finally:
        packed.unlink(missing_ok=True)


def _fetch_plain(store: ObjectStore, uri: str, target: Path, max_bytes: int) -> None:
    if uri.endswith("/"):
        get_tree(store, parse_s3_uri(uri), target, max_bytes)
    else:
        get_one(store, parse_s3_uri(uri), target, max_bytes)
