"""An image of the registry in the form that every engine loads: that of `docker save`.

It is made piece by piece while it is sent. Layers stay packed as they were pushed.
Source: Docker image specification 1.2, "Combined Image JSON + Filesystem Changeset Format".
"""

import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

_PIECE = 1 << 20


def archive(name: str, config: Path, layers: Sequence[Path]) -> Iterator[bytes]:
    """The bytes of a tar with one image under this name; layers from the lowest up.

    Raises OSError.
    """
    places = {f"{number}/layer.tar": path for number, path in enumerate(layers)}
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": list(places)}]
    text = json.dumps(manifest).encode()
    yield _head("manifest.json", len(text)) + text + _padding(len(text))
    for place, path in {"config.json": config, **places}.items():
        size = path.stat().st_size
        yield _head(place, size)
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
        yield _padding(size)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _head(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member.tobuf(tarfile.USTAR_FORMAT if size < 8 << 30 else tarfile.PAX_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
