"""Container images made from nothing: layers, configs, manifests, and OCI layouts of them."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer(files: Mapping[str, bytes | str], *, mode: int = 0o755) -> bytes:
    """A gzipped tar; a text as content is a symbolic link's target."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.mode = mode
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                tar.addfile(member)
            else:
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


@dataclass(frozen=True)
class Image:
    """Layers and what is run of them."""

    layers: tuple[bytes, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Members of the configuration's `config`: Entrypoint, Env, Labels, …"""
    architecture: str = "amd64"

    @property
    def config(self) -> bytes:
        plain = [digest(gzip.decompress(one)) for one in self.layers]
        document = {
            "architecture": self.architecture,
            "os": "linux",
            "config": dict(self.settings),
            "rootfs": {"type": "layers", "diff_ids": plain},
            "history": [{"created_by": "a test"} for _ in plain],
        }
        return json.dumps(document).encode()

    @property
    def manifest(self) -> bytes:
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, self.config),
            "layers": [descriptor(LAYER, one) for one in self.layers],
        }
        return json.dumps(document).encode()

    @property
    def blobs(self) -> list[bytes]:
        return [self.config, *self.layers]


def descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)}


def index(*images: Image) -> bytes:
    """An image index of images for several architectures."""
    manifests = [
        descriptor(MANIFEST, image.manifest)
        | {"platform": {"os": "linux", "architecture": image.architecture}}
        for image in images
    ]
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
    return json.dumps(document).encode()


def write_layout(folder: Path, image: Image, tag: str = "latest") -> Path:
    """An OCI layout with one image, as skopeo and podman read it (`oci:FOLDER:TAG`)."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for data in (*image.blobs, image.manifest):
        (blobs / digest(data)[7:]).write_bytes(data)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    named = descriptor(MANIFEST, image.manifest) | {
        "annotations": {"org.opencontainers.image.ref.name": tag}
    }
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    return folder
