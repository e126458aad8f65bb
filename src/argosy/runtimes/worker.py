"""The model worker: `python -m argosy.runtimes.worker --socket PATH --runtime NAME`.

Imports the runtime's heavy modules, then opens the socket: where the socket is, a LOAD will be
carried out at once. Speaks `argosy.runtimes.frames`; LOAD's body is JSON

    {"model_dir": "/opt/ml/model", "environment": {…}, "base_dir": "/opt/ml", "image": "…"}

Exits with 0 after a DRAIN. Keeps no state and restarts nothing: that is the agent's work.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import socket
import sys
from pathlib import Path

from argosy.runtimes import loading, table
from argosy.runtimes.crew import Crew
from argosy.runtimes.server import Server

_BACKLOG = 256


def main(arguments: list[str] | None = None) -> None:
    """Serve until drained."""
    parser = argparse.ArgumentParser(prog="argosy.runtimes.worker")
    parser.add_argument("--socket", required=True, type=Path, help="Unix socket to listen on")
    parser.add_argument("--runtime", required=True, choices=sorted(table.MODULES))
    options = parser.parse_args(arguments)
    loading.default_threads()
    write_logs_at_once()
    runtime = table.find(options.runtime)
    gc.collect()
    gc.freeze()  # imports stay; without this every full collection walks over all of them
    server = Server(listen(options.socket), runtime, splits=True)
    server.run()
    if server.split is not None:
        Crew(server.split, runtime, loading.processes(server.split.order.body)).run()


def write_logs_at_once() -> None:
    """What a model prints is in its log by the end of the line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")


def listen(path: Path) -> socket.socket:
    """A listening socket that appears under its name only when it can be connected to."""
    hidden = path.with_name(".w")
    for stale in (path, hidden):
        stale.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(hidden))
    os.chmod(hidden, 0o600)
    listener.listen(_BACKLOG)
    os.rename(hidden, path)
    return listener


if __name__ == "__main__":
    main()
