"""Images of functions: this machine's Python with AWS's runtime client, and a module `app`."""

import functools
import gzip
import importlib.util
import io
import tarfile
from pathlib import Path

from argosy.agent.image_config import machine
from tests.support.oci_images import Image, layer
from tests.support.python_image import HOME, libraries, python_layer, stdlib

TASK = "var/task"
_PACKAGES = ("awslambdaric", "simplejson", "snapshot_restore_py", "runtime_client")
_STDLIB = ("logging", "ctypes")
_OWN = ("libstdc++", "libgcc_s", "libpthread", "libm.")
"""Libraries of the runtime client that Python itself does not bring."""


def image(source: str, **settings: object) -> Image:
    """Its handler is `app.handler`, its user none; `settings` are further members of its config."""
    config = {
        "Entrypoint": [f"/{HOME}/bin/python3", "-m", "awslambdaric"],
        "Cmd": ["app.handler"],
        "Env": [
            f"PYTHONHOME=/{HOME}",
            f"LD_LIBRARY_PATH=/{HOME}/lib",
            f"LAMBDA_TASK_ROOT=/{TASK}",
            "GREETING=from the image",
        ],
        "WorkingDir": f"/{TASK}",
        **settings,
    }
    own = layer({f"{TASK}/app.py": source.encode()})
    return Image((python_layer(), _runtime(), own), config, machine())


@functools.cache
def _runtime() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in _PACKAGES:
            for path, inside in _files(name):
                tar.add(path.resolve(), inside, recursive=False)
        for name in _STDLIB:
            for path, inside in stdlib(name):
                tar.add(path.resolve(), inside, recursive=False)
    return gzip.compress(packed.getvalue(), 1, mtime=0)


def _files(name: str) -> list[tuple[Path, str]]:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    origin = Path(spec.origin)
    if origin.name == "__init__.py":
        folder = origin.parent
        found = sorted(folder.rglob("*.py"))
        return [(path, f"{TASK}/{path.relative_to(folder.parent)}") for path in found]
    native = origin.suffix == ".so"
    linked = [one for one in libraries(origin) if one.name.startswith(_OWN)] if native else []
    return [(origin, f"{TASK}/{origin.name}"), *((one, f"{HOME}/lib/{one.name}") for one in linked)]
