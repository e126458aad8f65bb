"""What the engine is told of a function's container. Pure.

As on Lambda all of it is read-only but /tmp, and a program whose image names no user has no rights.
"""

import os
from collections.abc import Mapping
from typing import Any

from argosy.automation.functions.memory import MOST_PROCESSES
from argosy.ground.functions import FunctionVersion

NOBODY = "65534:65534"


def unprivileged() -> str:
    """The user of images that name none: ours, whose processes we may look at, or nobody."""
    return f"{os.geteuid()}:{os.getegid()}" if os.geteuid() else NOBODY


def definition(
    version: FunctionVersion,
    found: Mapping[str, Any],
    variables: Mapping[str, str],
    labels: Mapping[str, str],
) -> dict[str, Any]:
    """The body of Docker's "create a container".

    found: what the engine says of the image. The network is the host's, as it is for zips: the
    runtime API and the platform are on loopback. What lies in /tmp counts as memory for the engine,
    so that its limit is that of both together.
    """
    image, start = found.get("Config") or {}, version.image_start
    limit = (version.memory_mb + version.ephemeral_mb) << 20
    entrypoint = image.get("Entrypoint") if start.entrypoint is None else start.entrypoint
    command = image.get("Cmd") if start.command is None else start.command
    folder = start.folder or image.get("WorkingDir")
    return {
        "Image": found["Id"],
        "Entrypoint": list(entrypoint or ()),
        "Cmd": list(command or ()),
        **({"WorkingDir": folder} if folder else {}),
        "User": image.get("User") or unprivileged(),
        "Env": [f"{name}={value}" for name, value in variables.items()],
        "Labels": dict(labels),
        "AttachStdout": True,
        "AttachStderr": True,
        "HostConfig": {
            "NetworkMode": "host",
            "ReadonlyRootfs": True,
            "Tmpfs": {"/tmp": f"rw,nosuid,nodev,mode=1777,size={version.ephemeral_mb}m"},
            "Memory": limit,
            "MemorySwap": limit,
            "PidsLimit": MOST_PROCESSES,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "LogConfig": {"Type": "none"},
        },
    }
