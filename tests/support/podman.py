"""A real podman in a folder of its own, with its API on a socket, where it can run containers."""

import contextlib
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from argosy.ground.instances import PROGRAM, ContainerSpec, InstanceSpec, StoreAccess
from tests.support.endpoints import until
from tests.support.oci_images import Image, write_layout

_OPTIONS = ("--storage-driver", "vfs")
_SETTINGS = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
"""Limits that may be set without the right to raise them; no systemd."""


SECRET = "never shown"


def engine_spec(
    engine: str = "/e.sock", image: str = "x:1", *, isolated: bool = False, **environment: str
) -> InstanceSpec:
    """An instance whose container that engine runs."""
    container = ContainerSpec(
        name="primary", image=image, runtime=PROGRAM, engine=engine, environment=environment
    )
    return InstanceSpec(
        instance_id="i-1",
        account="1",
        region="eu-west-1",
        zone="z",
        owner="endpoint/e",
        deployment="d",
        variant="v",
        containers=(container,),
        log_group="g",
        log_stream="s",
        store=StoreAccess(url="http://s", region="r", access_key_id="k", secret_access_key=SECRET),
        network_isolation=isolated,
    )


class Podman:
    """One podman; `why_not` says why it cannot be used, "" when it can."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "podman.sock"
        self.why_not = ""
        (folder / "containers.conf").write_text(_SETTINGS)
        self._environment = {**os.environ, "CONTAINERS_CONF": str(folder / "containers.conf")}
        runtime = ("--runtime", "runc") if shutil.which("runc") else ()
        places = ("--root", str(folder / "root"), "--runroot", str(folder / "run"))
        self._command = ["podman", *runtime, *_OPTIONS, *places]

    def run(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            [*self._command, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout if done.returncode == 0 else f"failed: {done.stderr}"

    def containers(self) -> list[str]:
        """The names of all containers."""
        return self.run("ps", "--all", "--format", "{{.Names}}").split()

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Have it answer on the socket."""
        server: Any = subprocess.Popen(
            [*self._command, "system", "service", "--time", "0", f"unix://{self.socket}"],
            env=self._environment,
            cwd=self.socket.parent,  # where a file "oom" is left when memory runs out
            stderr=subprocess.DEVNULL,
        )
        try:
            until(self.socket.exists)
            yield
        finally:
            server.terminate()
            server.wait(30)


@contextlib.contextmanager
def podman(image: Image) -> Iterator[Podman]:
    """A podman that holds this image as localhost/server:1."""
    # Short, as sockets' paths are, and without "-_", which podman takes in no image's name.
    folder = Path("/tmp") / f"pod{uuid.uuid4().hex[:12]}"
    folder.mkdir(mode=0o700)
    layout = write_layout(folder / "layout", image, "1")
    engine = Podman(folder)
    if shutil.which("podman") is None:
        engine.why_not = "podman is not installed"
        shutil.rmtree(folder)
        yield engine
        return
    try:
        said = engine.run("pull", "-q", f"oci:{layout}:1", check=False)
        pulled = said.strip()
        if not said.startswith("failed"):
            engine.run("tag", pulled, "localhost/server:1")
            tried = ("run", "--rm", "--network", "none", "--entrypoint", "/opt/python/bin/python3")
            said = engine.run(*tried, pulled, "-c", "print('works')", check=False)
        if said.strip() != "works":
            engine.why_not = f"podman runs no container here: {said.strip()[-300:]}"
            yield engine
            return
        with engine.serving():
            yield engine
    finally:
        engine.run("rm", "--all", "--force", "--time", "0", check=False)
        shutil.rmtree(folder, ignore_errors=True)
