"""Images of the registry: their layers unpacked to a root folder, once for all instances.

    images/<digest>/rootfs/       the system that the image is
                    image.json    how its program is started (`image_config`)
           <digest>.lock          held by who unpacks it
           .<random>/             being unpacked; takes its name when it is whole

For a process of its own: it blocks. It refuses to unpack what does not have the digest it is known
by, and a root in which bubblewrap would have to follow links.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path

from argosy.agent import image
from argosy.agent.image_config import parse
from argosy.ground.instances import PulledImage, StoreAccess, StoredBlob
from argosy.objects import layer
from argosy.objects.client import ObjectStore
from argosy.objects.errors import BadArchive, StoreError
from argosy.objects.inside import Inside
from argosy.objects.uri import parse_s3_uri

MOST_CONFIG = 4 << 20
_MOUNTED = ("proc", "dev", "sys", "sys/devices", "sys/devices/system", "sys/devices/system/cpu")


def unpack(
    access: StoreAccess, name: str, pulled: PulledImage, folder: Path, max_bytes: int
) -> str:
    """Unpack an image to `folder` unless it is there; "" or why that cannot be done.

    Waits for as long as another process unpacks the same image.
    """
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder.parent / f"{folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not image.is_unpacked(folder):
                _unpack(access, pulled, folder, max_bytes)
    except (BadArchive, StoreError) as error:
        return f"The image {name} cannot be used: {str(error).rstrip('.')}."
    except OSError as error:
        return f"The image {name} cannot be unpacked: {error.strerror or error}."
    return ""


def _unpack(access: StoreAccess, pulled: PulledImage, folder: Path, max_bytes: int) -> None:
    temporary = folder.parent / f".{secrets.token_hex(8)}"
    store = ObjectStore(access)
    try:
        (temporary / image.ROOTFS).mkdir(mode=0o755, parents=True)
        root = Inside(temporary / image.ROOTFS)
        allowance = layer.Allowance(max_bytes)
        for blob in pulled["layers"]:
            packed = fetched(store, blob, temporary / "layer")
            layer.apply(packed, root, allowance)
        config = fetched(store, pulled["config"], temporary / "config", MOST_CONFIG)
        settings = parse(config.read_bytes(), root)
        prepare(root)
        (temporary / image.SETTINGS).write_text(json.dumps(settings.to_json()))
        (temporary / "layer").unlink(missing_ok=True)
        os.rename(temporary, folder)
    finally:
        store.close()
        shutil.rmtree(temporary, ignore_errors=True)


def fetched(store: ObjectStore, blob: StoredBlob, path: Path, most: int | None = None) -> Path:
    """A blob's content at `path`, proven by its digest. Raises StoreError, BadArchive, OSError."""
    size = blob["size"] if most is None else min(most, blob["size"])
    store.get_file(parse_s3_uri(blob["uri"]), path, size)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if f"sha256:{digest}" != blob["digest"]:
        raise BadArchive(f"what the store holds is not {blob['digest']}; push the image again")
    return path


def prepare(root: Inside) -> None:
    """Make an unpacked root fit for `image.mounts`: what is mounted upon is there, and is no link.

    (bubblewrap follows links on the way to such places, seen from the host.) Raises BadArchive.
    """
    for name in (*image.NEVER_TAKEN, "opt/ml"):
        layer.remove(_above(root, name) / Path(name).name)
    for name in (*_MOUNTED, *image.WRITABLE):
        path = _above(root, name) / Path(name).name
        if not os.path.lexists(path):
            path.mkdir(mode=0o1777 if name == "tmp" else 0o755)
    for name in image.FILES:
        path = _above(root, name) / Path(name).name
        if path.is_symlink() or not path.is_file():
            layer.remove(path)
            path.touch(mode=0o644)


def _above(root: Inside, name: str) -> Path:
    """The folder of a place, made when missing."""
    folder = root.top
    for part in Path(name).parent.parts:
        folder = folder / part
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise BadArchive(f"its /{folder.relative_to(root.top)} is not a folder of its own")
        folder.mkdir(mode=0o755, exist_ok=True)
    return folder
