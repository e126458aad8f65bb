"""`python -m argosy.agent.jobs.container ORDER.json`: a job's container of docker or podman.

Makes the container, passes on what it prints and SIGTERM, and ends with its status. However it
ends, a process of its own removes the container then (`agent.container`).
"""

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from argosy.agent.container import Runner
from argosy.agent.engine import EngineError
from argosy.agent.jobs.command import variables
from argosy.agent.jobs.layout import Places
from argosy.ground.files import write_json
from argosy.ground.instances import InstanceSpec
from argosy.ground.jobs import BASE_DIR, FAST_FILE, TRAINING, WARM_DIR, JobSpec

_ORDER = "container.json"


def command_of(spec: InstanceSpec, job: JobSpec, places: Places) -> list[str]:
    """The command that runs the container of a job. Raises OSError."""
    _open_up(places)
    order = {
        "engine": spec.container.engine,
        "name": f"argosy-{spec.instance_id}",
        "definition": definition(spec, job, places),
    }
    path = places.folders.root / _ORDER
    write_json(path, order)
    return [sys.executable, "-P", "-m", "argosy.agent.jobs.container", os.fspath(path)]


def definition(spec: InstanceSpec, job: JobSpec, places: Places) -> dict[str, Any]:
    """The body of Docker's "create a container".

    It shares the machine's network, as all jobs do, where its host has an address of its own.
    """
    return {
        "Image": spec.container.image,
        **({"Entrypoint": list(job.entrypoint)} if job.entrypoint else {}),
        **_arguments(job),
        "Env": [f"{name}={value}" for name, value in variables(spec, job).items()],
        "Hostname": job.host[:63],
        "Labels": {"argosy.instance": spec.instance_id},
        "HostConfig": {
            "Mounts": _mounts(job, places),
            "NetworkMode": "none" if spec.network_isolation else "host",
        },
    }


def _arguments(job: JobSpec) -> dict[str, list[str]]:
    if job.arguments is not None:
        return {"Cmd": list(job.arguments)}
    return {"Cmd": ["train"]} if job.kind == TRAINING and not job.entrypoint else {}


def _mounts(job: JobSpec, places: Places) -> list[dict[str, Any]]:
    folders = places.folders
    found = [(folders.ml, BASE_DIR, False), (folders.root / "hosts", "/etc/hosts", True)]
    found += [(folder, path, False) for path, folder in places.others.items()]
    found += [
        (places.host(one.path), one.path, True) for one in job.channels if one.mode == FAST_FILE
    ]
    if job.warm_folder:
        found.append((Path(job.warm_folder), WARM_DIR, False))
    return [
        {"Type": "bind", "Source": str(source), "Target": target, "ReadOnly": closed}
        for source, target, closed in found
    ]


def _open_up(places: Places) -> None:
    """For whoever the program is in there; outside, the folders above are shut."""
    for top in (places.folders.ml, *places.others.values()):
        for here, _, names in os.walk(top):
            Path(here).chmod(0o777)
            for name in names:
                Path(here, name).chmod(0o666)
    (places.folders.root / "hosts").chmod(0o644)


class JobRunner(Runner):
    """The container of one order."""

    def run(self) -> int:
        """The exit status."""
        signal.signal(signal.SIGTERM, lambda *_: self._events.put(("told", 0)))
        try:
            self._container = self._engine.create(self._order["name"], self._order["definition"])
            self._guard()
            self._engine.start(self._container)
        except EngineError as error:
            sys.stderr.write(f"Argosy: {error}\n")
            return 127
        self._begin_listening()
        return self._until_it_ends()

    def _until_it_ends(self) -> int:
        while True:
            what, status = self._events.get()
            if what == "container":
                self._flush()
                return status
            with contextlib.suppress(EngineError):
                self._engine.signal(self._container, "SIGTERM")


if __name__ == "__main__":
    sys.exit(JobRunner(json.loads(Path(sys.argv[1]).read_bytes())).run())
