"""`python -m argosy.runtimes.bridge --socket PATH [--root DIR] [--connect HOST:PORT|unix:PATH]`.

Opens the socket, then waits for a LOAD, whose body is JSON as `starting.Order` has it. Exits with 0
after a DRAIN or a SIGTERM; with the program's own status (128 + n after signal n) when that ends.
`--control FD` is for a container of many models: where the agent orders them (see `many`).
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
from pathlib import Path

from argosy.runtimes.bridge.server import Bridge
from argosy.runtimes.worker import listen


def main(arguments: list[str] | None = None) -> None:
    """Serve until drained, or until the program ends."""
    parser = argparse.ArgumentParser(prog="argosy.runtimes.bridge")
    parser.add_argument("--socket", required=True, type=Path, help="Unix socket to listen on")
    parser.add_argument("--root", default="", help="root folder of the program, when not our own")
    parser.add_argument("--connect", default="", help="HOST:PORT or unix:PATH; start no program")
    parser.add_argument("--control", type=int, help="inherited socket: it has many models")
    options = parser.parse_args(arguments)
    control = None if options.control is None else socket.socket(fileno=options.control)
    bridge = Bridge(
        listen(options.socket), root=options.root, address=options.connect, control=control
    )
    sys.exit(asyncio.run(bridge.run()))


if __name__ == "__main__":
    main()
