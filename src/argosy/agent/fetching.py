"""Model data and code from S3 into an instance's folder. Meant for a `Child`: blocking, and heavy.

ml/model           the model's archive, unpacked
ml/model/code      the archive of an S3 SAGEMAKER_SUBMIT_DIRECTORY, when the model brings no
                   code/ of its own; else ml/code
"""

from pathlib import Path

from argosy.agent import reasons
from argosy.ground.instances import StoreAccess
from argosy.objects.archive import unpack
from argosy.objects.client import ObjectStore
from argosy.objects.errors import BadArchive, BucketMissing, ObjectMissing, StoreError
from argosy.objects.uri import parse_s3_uri


def fetch(access: StoreAccess, model_uri: str, code_uri: str, ml: Path, max_bytes: int) -> str:
    """Fill the folder `ml`; either URI may be "". Returns "" or why it cannot be done.

    max_bytes: limit on each archive, packed and unpacked.
    """
    store = ObjectStore(access)
    try:
        return _fetch_archive(store, model_uri, ml / "model", max_bytes) or _fetch_archive(
            store, code_uri, _code_folder(ml), max_bytes
        )
    finally:
        store.close()


def _code_folder(ml: Path) -> Path:
    code = ml / "model" / "code"
    return ml / "code" if code.is_dir() else code


def _fetch_archive(store: ObjectStore, uri: str, target: Path, max_bytes: int) -> str:
    """Fetch and unpack one archive; "" or a sentence."""
    if not uri:
        return ""
    packed = target.parent / f".{target.name}.tar.gz"
    try:
        store.get_file(parse_s3_uri(uri), packed, max_bytes)
        target.mkdir(mode=0o755, parents=True, exist_ok=True)
        unpack(packed, target, max_bytes, name=uri)
    except (ObjectMissing, BucketMissing) as error:
        return reasons.no_model_data(uri, str(error))
    except (StoreError, BadArchive) as error:
        return str(error)
    except OSError as error:
        return f"Fetching {uri} failed: {error.strerror or error}."
    finally:
        packed.unlink(missing_ok=True)
    return ""
