"""Where everything lies: one data folder, and one short folder for Unix sockets."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from argosy.ground.errors import ArgosyError
from argosy.ground.instances import group_of

# A Unix socket's path holds at most 107 bytes; the longest name below the run folder takes 37.
_LONGEST_RUN_DIR = 70


@dataclass(frozen=True)
class DataDir:
    """The folder that holds all state of one platform. Everything in it is private (0700)."""

    root: Path

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> "DataDir":
        return cls(Path(path).expanduser().absolute())

    @property
    def lock(self) -> Path:
        """Held with flock by the one `argosy up` of this folder."""
        return self.root / "argosy.lock"

    @property
    def running(self) -> Path:
        """JSON about the platform that runs here: pid, url, host, port, region, account."""
        return self.root / "argosy.json"

    @property
    def credentials(self) -> Path:
        """JSON, 0600: account_id, access_key_id, secret_access_key."""
        return self.root / "credentials.json"

    @property
    def scrape_token(self) -> Path:
        """The token with which Prometheus reads /metrics; one line, 0600."""
        return self.root / "metrics-token"

    @property
    def sdk_config(self) -> Path:
        """YAML that SAGEMAKER_USER_CONFIG_OVERRIDE points to."""
        return self.root / "sdk-config.yaml"

    @property
    def database(self) -> Path:
        return self.root / "argosy.db"

    @property
    def store(self) -> Path:
        """SeaweedFS's own folder."""
        return self.root / "store"

    @property
    def instances(self) -> Path:
        """One folder per instance: spec.json, state.json, ml/ (its /opt/ml)."""
        return self.root / "instances"

    @property
    def images(self) -> Path:
        """Image folders that were added, each below the digest of its content; never changed."""
        return self.root / "images"

    @property
    def functions(self) -> Path:
        """Code and layers of functions, each below the digest of its zip (see `function_code`)."""
        return self.root / "functions"

    @property
    def function_environments(self) -> Path:
        """A folder for each environment that runs a function; nothing in it outlives control."""
        return self.root / "function-environments"

    def function_code(self, digest: str) -> Path:
        """The unpacked tree of a zip, never changed once it is there; the zip lies beside it."""
        return self.functions / digest / "tree"

    def function_zip(self, digest: str) -> Path:
        return self.functions / digest / "code.zip"

    @property
    def uploads(self) -> Path:
        """Layers of images on their way in, each a file named by its upload's id."""
        return self.root / "uploads"

    @property
    def environments(self) -> Path:
        """Packages that models brought requirements for (see argosy.agent.environments)."""
        return self.root / "environments"

    @property
    def warm_pools(self) -> Path:
        """What warm pools of training jobs keep between jobs: a folder a pool, below it hosts."""
        return self.root / "warm-pools"

    @property
    def processing(self) -> Path:
        """What processes of processing jobs hand to control; nothing in it is kept."""
        return self.root / "processing"

    @property
    def volumes(self) -> Path:
        """Disks of notebook instances and EC2 instances, one folder each."""
        return self.root / "volumes"

    @property
    def logs(self) -> Path:
        """Log groups and streams of models (see argosy.telemetry.logs)."""
        return self.root / "logs"

    @property
    def process_logs(self) -> Path:
        """stdout and stderr of edge, control, store and agents."""
        return self.root / "process-logs"

    @property
    def captures(self) -> Path:
        """Captured requests and answers on their way to the store (see argosy.ground.spool)."""
        return self.root / "captures"

    @property
    def run(self) -> Path:
        """Sockets. Falls back to a private folder in /tmp when the data folder's path is long."""
        inside = self.root / "run"
        if len(os.fsencode(inside)) <= _LONGEST_RUN_DIR:
            return inside
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path(f"/tmp/argosy-{os.getuid()}-{digest}")

    @property
    def control_socket(self) -> Path:
        """Control's HTTP face."""
        return self.run / "control.sock"

    @property
    def feed_socket(self) -> Path:
        """Where edges connect to take routing tables and hand in metrics."""
        return self.run / "feed.sock"

    @property
    def intake_socket(self) -> Path:
        """Where edges hand in asynchronous requests to be kept."""
        return self.run / "intake.sock"

    @property
    def objects_socket(self) -> Path:
        """Where edges tell control of objects that clients wrote (see argosy.edge.object_line)."""
        return self.run / "objects.sock"

    @property
    def doorbell_socket(self) -> Path:
        """Datagrams that say 'look again'; sent by agents to control."""
        return self.run / "doorbell.sock"

    @property
    def work_socket(self) -> Path:
        """Where porters connect to pull work and to say what became of it."""
        return self.run / "work.sock"

    @property
    def store_socket(self) -> Path:
        """The object store's S3 face, when it runs in its own network namespace."""
        return self.run / "store.sock"

    @property
    def routes(self) -> Path:
        """The last routing table, so that an edge can start while control is away."""
        return self.run / "routes.json"

    def instance(self, instance_id: str) -> Path:
        return self.instances / instance_id

    def instance_run(self, instance_id: str) -> Path:
        """The folder with an instance's sockets; bound into its sandbox as /run/argosy."""
        return self.run / "i" / instance_id

    def agent_socket(self, instance_id: str) -> Path:
        """Where an agent takes its spec when it is a spare; outside the worker's sandbox."""
        return self.run / "a" / f"{instance_id}.sock"

    def doorbell(self, instance_id: str) -> Path:
        """Whom an agent tells that its state changed: control, or its instance's agent when it
        has only one of several containers."""
        group = group_of(instance_id)
        return self.run / "a" / f"{group}.bell" if group else self.doorbell_socket

    def create(self) -> None:
        """Make the folders, private to this user.

        Raises ArgosyError when the run folder belongs to somebody else.
        """
        private = (
            self.instances,
            self.environments,
            self.logs,
            self.process_logs,
            self.processing,
            self.warm_pools,
            self.store,
            self.uploads,
            self.captures,
            self.functions,
            self.volumes,
        )
        for folder in (self.root, *private):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.run.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.run.stat().st_uid != os.getuid() or self.run.is_symlink():
            raise ArgosyError(f"{self.run} belongs to another user; choose another --data-dir")
        for name in ("i", "a"):
            (self.run / name).mkdir(mode=0o700, exist_ok=True)

    def clear_run(self) -> None:
        """Remove the run folder, once nothing runs: it may lie where nobody else would look."""
        shutil.rmtree(self.run, ignore_errors=True)
