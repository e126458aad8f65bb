"""Whose connection this is: whether a TCP client on this machine is one of some processes.

A loopback port can be reached by every process of the machine. The kernel's table of sockets gives
the inode of the client's end, and the processes that hold it have it among their descriptors.
Source: proc(5), /proc/net/tcp and /proc/PID/fd.
"""

import os
from collections.abc import Iterable
from pathlib import Path

_ESTABLISHED = "01"


def is_of(pids: Iterable[int], client: tuple[str, int], server: tuple[str, int]) -> bool:
    """Whether one of the processes holds the client's end of an IPv4 connection."""
    inode = _inode(_hex(*client), _hex(*server))
    return inode is not None and any(_holds(pid, f"socket:[{inode}]") for pid in pids)


def _inode(local: str, remote: str) -> str | None:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == local and fields[2] == remote and fields[3] == _ESTABLISHED:
            return fields[9]
    return None


def _holds(pid: int, socket: str) -> bool:
    try:
        with os.scandir(f"/proc/{pid}/fd") as entries:
            return any(_target(entry.path) == socket for entry in entries)
    except OSError:
        return False


def _target(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _hex(host: str, port: int) -> str:
    """127.0.0.1:8080 as the kernel writes it: the address as a number of this machine's order."""
    numbers = bytes(int(part) for part in host.split("."))
    value = int.from_bytes(numbers, "little")
    return f"{value:08X}:{port:04X}"
