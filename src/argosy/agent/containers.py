"""What a container engine is asked for an instance: an image to be there, a container to be made.

The container gets the model's data at /opt/ml/model, read-only, and its port 8080 on a free port of
loopback; with network isolation it has no network at all, and `container` goes in to reach it.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from argosy.agent.child import Child
from argosy.agent.environment import load_environment
from argosy.agent.folders import Folders
from argosy.agent.model import CannotServe
from argosy.agent.watch import Watch
from argosy.ground.files import write_json
from argosy.ground.instances import CONTAINER_FILE, InstanceSpec
from argosy.ground.settings import Settings

GRACE_S = 30
"""Between SIGTERM and SIGKILL (reference/container-contract.md §1)."""
_ORDER = "container.json"
_PORT = "8080"
_NOT_OURS = ("HOME", "TMPDIR", "HOSTNAME")
"""Variables that an image sets for itself."""


def have_image(watch: Watch, spec: InstanceSpec, policy: str, note: Callable[[str], None]) -> None:
    """Return once the engine has the image; `policy` is always, missing or never.

    Raises CannotServe.
    """
    engine, image = spec.container.engine, spec.container.image

    def work() -> str:
        from argosy.agent.engine import Engine, EngineError

        try:
            there = policy != "always" and Engine(engine).has_image(image)
            if not there and policy == "never":
                return f"The container engine has no image {image}, and container_pull is never."
            if not there:
                Engine(engine).pull(image)
        except EngineError as error:
            return str(error)
        return ""

    note(f"Argosy: the container engine runs the image {image}.")
    child = Child(watch, work)
    try:
        ended = watch.until(lambda: child.ended, time.monotonic() + spec.download_timeout_s)
    finally:
        child.kill()
    if not ended:
        raise CannotServe(f"Pulling {image} took longer than {spec.download_timeout_s:g} s.")
    if child.sentence:
        raise CannotServe(child.sentence)


def command(spec: InstanceSpec, folders: Folders, settings: Settings, code_dir: str) -> list[str]:
    """The command that runs the container and a bridge to it. Raises OSError."""
    for folder in (folders.ml, *(path for path in folders.ml.iterdir() if path.is_dir())):
        folder.chmod(0o755)  # whoever the program is in there; outside, the folders above are shut
    bridge = [sys.executable, "-P", "-m", "argosy.runtimes.bridge"]
    order = {
        "engine": spec.container.engine,
        "name": f"argosy-{spec.instance_id}",
        "port": _port(spec),
        "isolated": spec.network_isolation,
        "grace_s": GRACE_S,
        "process": str(folders.root / CONTAINER_FILE),
        "bridge": [*bridge, "--socket", str(folders.worker_socket)],
        "definition": definition(spec, folders.ml, settings.instance_memory_mb, code_dir),
    }
    path = folders.root / _ORDER
    write_json(path, order)
    return [sys.executable, "-P", "-m", "argosy.agent.container", os.fspath(path)]


def definition(spec: InstanceSpec, ml: Path, memory_mb: int, code_dir: str) -> dict[str, Any]:
    """The body of Docker's "create a container"."""
    container, port = spec.container, f"{_port(spec)}/tcp"
    mounted = [name for name in ("model", "code") if (ml / name).is_dir()]
    host: dict[str, Any] = {
        "Mounts": [
            {
                "Type": "bind",
                "Source": f"{ml}/{name}",
                "Target": f"/opt/ml/{name}",
                "ReadOnly": True,
            }
            for name in mounted
        ],
        **({"Memory": memory_mb << 20} if memory_mb else {}),
    }
    if spec.network_isolation:
        host["NetworkMode"] = "none"
    else:
        host["PortBindings"] = {port: [{"HostIp": "127.0.0.1", "HostPort": ""}]}
    return {
        "Image": container.image,
        "Cmd": container.command,
        "Env": [f"{name}={value}" for name, value in _environment(spec, code_dir).items()],
        "Hostname": container.name[:63],
        "Labels": {"argosy.instance": spec.instance_id},
        "ExposedPorts": {port: {}},
        "StopSignal": "SIGTERM",
        "HostConfig": host,
    }


def _environment(spec: InstanceSpec, code_dir: str) -> dict[str, str]:
    given = load_environment(spec, base_dir="/opt/ml", temporary="", code_dir=code_dir)
    own = spec.container.environment
    return {name: value for name, value in given.items() if name in own or name not in _NOT_OURS}


def _port(spec: InstanceSpec) -> str:
    return spec.container.environment.get("SAGEMAKER_BIND_TO_PORT") or _PORT
