"""/opt/ml as an algorithm finds it: its folders and configuration files, and where they lie.

Source: reference/container-contract.md §6; the developer guide on processing containers.
"""

import json
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from argosy.agent.folders import Folders
from argosy.ground.jobs import BASE_DIR, PIPE, PROCESSING, Channel, InstanceGroup, JobSpec

INTERFACE = "lo"
"""All hosts of a job share the machine's loopback, each with an address of its own there."""
_GROUP = "homogeneousCluster"
_ALWAYS = ("code", "input/config", "input/data", "model", "output/data")


class Tree(NamedTuple):
    """A folder that the algorithm writes to, and the one above it that it cannot replace."""

    path: Path
    base: Path
    seen: str = ""
    """The latter as the algorithm names it, whose links may begin with that."""


@dataclass(frozen=True)
class Places:
    """Which folder of the machine stands behind a path that the algorithm sees."""

    folders: Folders
    others: dict[str, Path] = field(default_factory=dict)
    """Paths outside of /opt/ml, each mounted by itself."""

    @classmethod
    def of(cls, job: JobSpec, folders: Folders) -> "Places":
        outside = [path for path in _paths(job) if not _below_base(path)]
        mounted = [p for p in outside if not any(p.startswith(f"{one}/") for one in outside)]
        kept = folders.root / "places"
        return cls(folders, {path: kept / str(n) for n, path in enumerate(mounted)})

    def host(self, path: str) -> Path:
        """The machine's name of an absolute path below /opt/ml or a place of its own."""
        plain = posixpath.normpath(path)
        if _below_base(plain):
            return self.folders.ml / plain.removeprefix(BASE_DIR).strip("/")
        for place, folder in self.others.items():
            if plain == place or plain.startswith(f"{place}/"):
                return folder / plain.removeprefix(place).strip("/")
        raise ValueError(f"{path} is no place of this job")

    def tree(self, path: str) -> Tree:
        """What to read from when the algorithm has run: it may have put links in its way."""
        plain = posixpath.normpath(path)
        bases = ((f, p) for p, f in self.others.items() if f"{plain}/".startswith(f"{p}/"))
        return Tree(self.host(path), *next(bases, (self.folders.ml, BASE_DIR)))


def make(job: JobSpec, places: Places) -> None:
    """Make all folders and write all configuration files. Raises OSError."""
    folders = places.folders
    folders.make()
    for name in _ALWAYS:
        (folders.ml / name).mkdir(mode=0o755, parents=True, exist_ok=True)
    for path in _paths(job):
        places.host(path).mkdir(mode=0o755, parents=True, exist_ok=True)
    for name, content in documents(job).items():
        file = folders.ml / name
        file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    (folders.root / "hosts").write_text(hosts_file(job))


def documents(job: JobSpec) -> dict[str, Any]:
    """Path below /opt/ml → content of the JSON file there."""
    if job.kind == PROCESSING:
        return {
            "config/resourceconfig.json": resources(job),
            "config/processingjobconfig.json": job.config,
        }
    return {
        "input/config/hyperparameters.json": job.hyperparameters,
        "input/config/resourceconfig.json": resources(job),
        "input/config/inputdataconfig.json": {one.name: _told(one) for one in job.channels},
        **_checkpoints(job),
    }


def _checkpoints(job: JobSpec) -> dict[str, Any]:
    """checkpointconfig.json, which XGBoost's container, for one, looks for."""
    if job.checkpoints is None:
        return {}
    told = {"S3Uri": job.checkpoints.uri, "LocalPath": job.checkpoints.local_path}
    return {"input/config/checkpointconfig.json": told}


def resources(job: JobSpec) -> dict[str, Any]:
    """resourceconfig.json."""
    alike = InstanceGroup(name=_GROUP, instance_type=job.instance_type, hosts=job.hosts)
    groups = job.groups or (alike,)
    mine = next((one.name for one in groups if job.host in one.hosts), _GROUP)
    return {
        "current_host": job.host,
        "current_instance_type": job.instance_type,
        "current_group_name": mine,
        "hosts": _sorted(job.hosts),
        "instance_groups": [
            {
                "instance_group_name": one.name,
                "instance_type": one.instance_type,
                "hosts": _sorted(one.hosts),
            }
            for one in groups
        ],
        "network_interface_name": INTERFACE,
    }


def _sorted(hosts: Iterable[str]) -> list[str]:
    """algo-2 before algo-10."""
    return sorted(hosts, key=lambda host: (len(host), host))


def hosts_file(job: JobSpec) -> str:
    """/etc/hosts with all of the job's hosts."""
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    lines += [f"{job.addresses.get(host, '127.0.0.1')} {host}" for host in job.hosts]
    return "".join(f"{line}\n" for line in lines)


def _told(channel: Channel) -> dict[str, str]:
    if channel.told:
        return channel.told
    content_type = {"ContentType": channel.content_type} if channel.content_type else {}
    return {
        **content_type,
        "TrainingInputMode": channel.mode,
        "S3DistributionType": "ShardedByS3Key" if channel.sharded else "FullyReplicated",
        "RecordWrapperType": "RecordIO" if channel.recordio else "None",
    }


def _paths(job: JobSpec) -> list[str]:
    """Every folder that inputs and outputs name, in order."""
    named = [posixpath.dirname(one.path) if one.mode == PIPE else one.path for one in job.channels]
    named += [one.local_path for one in job.uploads]
    if job.checkpoints is not None:
        named.append(job.checkpoints.local_path)
    return sorted({posixpath.normpath(path) for path in named})


def _below_base(path: str) -> bool:
    return path == BASE_DIR or path.startswith(f"{BASE_DIR}/")
