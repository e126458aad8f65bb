"""Which TCP ports are listened on in this network namespace: for hints to people only."""

from __future__ import annotations

from pathlib import Path

_LISTEN = "0A"


def listening_ports(proc: Path = Path("/proc")) -> list[int]:
    """Ports in state LISTEN, IPv4 and IPv6, in order; empty when /proc does not tell."""
    ports: set[int] = set()
    for name in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if len(fields) > 3 and fields[3] == _LISTEN:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return sorted(ports)
