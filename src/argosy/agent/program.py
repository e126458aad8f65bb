"""What a bridge is told about the user's program: its environment and the limits to keep.

Source: reference/container-contract.md §1, §3 and §5.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from argosy.agent import image
from argosy.agent.environment import worker_environment
from argosy.agent.sandbox import PATH
from argosy.ground.instances import ContainerSpec
from argosy.ground.settings import Settings

GRACE_S = 35.0
"""What stopping may take beyond the drain: 30 s from SIGTERM to SIGKILL, and a margin."""
_HOME = "/tmp"


def environment(
    host: Mapping[str, str], folder: Path, given: Mapping[str, str], own: Iterable[str] = ()
) -> dict[str, str]:
    """All that the program sees. `given`, the container's, wins over the host's; over an image's
    own variables only what the model's Environment names, which `own` lists."""
    path = image.path_of(folder, PATH, str(Path(sys.executable).parent))
    base = worker_environment(host, path=path, python_path="", home=_HOME, temporary=_HOME)
    del base["PYTHONPATH"]
    settings = image.settings_of(folder)
    if settings is None:
        return {**base, **given}
    base.pop("LD_LIBRARY_PATH", None)  # of the host's libraries, which are not there
    named = {name: given[name] for name in own if name in given}
    return {**base, **given, **settings.environment, **named}


def order(settings: Settings, container: ContainerSpec, startup_s: float) -> dict[str, Any]:
    """Members of a bridge's LOAD besides the environment (`argosy.runtimes.bridge.starting`)."""
    folder = Path(container.image_folder)
    config = image.settings_of(folder)
    return {
        "command": [*(config.entrypoint if config else ()), *container.command],
        "folder": image.work_folder(folder),
        **limits(settings, startup_s),
    }


def limits(settings: Settings, startup_s: float) -> dict[str, Any]:
    """Those members that a bridge to any program needs."""
    return {
        "startup_s": startup_s,
        "drain_s": settings.drain_timeout_s,
        "max_answer": settings.max_payload_mb << 20,
    }
