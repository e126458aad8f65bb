"""Dying with the agent: what a child process sets up for itself between fork and work."""

import os
import resource
import signal

_PR_SET_PDEATHSIG = 1
_OPEN_FILES = 65_536


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent (whose pid is `parent`) dies.

    ctypes is imported here, in the child, so that the agent does not carry it.
    """
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def limit_resources(memory_mb: int, file_bytes: int = 0) -> None:
    """Limits of a worker: `memory_mb` MiB of private memory, files of so many bytes (0: no limit),
    no core files."""
    if file_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    if memory_mb:
        size = memory_mb << 20
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
