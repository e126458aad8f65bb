"""nginx as a peer (proxying to a canned answer) and in front of a peer that wants it."""

import contextlib
import grp
import os
import pwd
import shutil
import socket
import string
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.place import PEERS, VENVS
from bench.processes import Server, Unavailable, free_port, running

_PLACES = (VENVS / "tools" / "usr" / "sbin" / "nginx", Path("/usr/sbin/nginx"))
_READY_S = 10.0


@contextlib.contextmanager
def canned(scratch: Path) -> Iterator[str]:
    """An nginx that answers a canned body; yields HOST:PORT. Raises Unavailable."""
    port = free_port()
    with _started("canned", scratch, port, {}):
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def proxy(
    scratch: Path, upstream: str, *, buffering: bool = True
) -> Iterator[tuple[str, Callable[[], set[int]]]]:
    """An nginx in front of `upstream` (HOST:PORT or unix:PATH); yields its URL, and its pids.

    With `buffering` it takes in a request's body whole, in memory up to 8 MiB, before it passes
    it on; without it the body streams through. Raises Unavailable.
    """
    port = free_port()
    values = {
        "upstream": upstream,
        "buffering": "on" if buffering else "off",
        "buffer": "8m" if buffering else "16k",
    }
    with _started("proxy", scratch, port, values) as server:
        yield f"http://127.0.0.1:{port}", server.pids


@contextlib.contextmanager
def _started(name: str, scratch: Path, port: int, values: dict[str, str]) -> Iterator[Server]:
    template = string.Template((PEERS / "nginx" / f"{name}.conf").read_text())
    config = scratch / f"{name}.conf"
    config.write_text(
        template.substitute(values, name=name, scratch=scratch, port=port, user=_user())
    )
    command = [_program(), "-p", str(scratch), "-e", "stderr", "-c", str(config)]
    with running(command, {}, scratch / f"{name}.out") as server:
        server.wait_until(lambda: _listens(port), _READY_S)
        yield server


def _program() -> str:
    found = shutil.which("nginx") or next((str(p) for p in _PLACES if p.is_file()), None)
    if found is None:
        raise Unavailable("nginx is not installed")
    return found


def _user() -> str:
    """Whom nginx's workers run as: this user, or they could not reach the scratch folder."""
    return f"{pwd.getpwuid(os.getuid()).pw_name} {grp.getgrgid(os.getgid()).gr_name}"


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
