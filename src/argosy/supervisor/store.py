"""The built-in object store: SeaweedFS, alone in a network namespace where the machine allows it.

SeaweedFS opens about ten ports without a password. In a namespace of its own nobody reaches them;
what we use is its S3 face on a Unix socket. Without namespaces it listens on loopback, on ports
that were free. Why so: docs/decisions/001-store-in-a-namespace.md.
"""

import fcntl
import os
import socket
from pathlib import Path

from argosy.ground.files import write_json
from argosy.ground.paths import DataDir
from argosy.supervisor import probe
from argosy.supervisor.child import Program
from argosy.supervisor.credentials import Credentials
from argosy.supervisor.namespaces import bubblewrap, namespaces_work, weed

# The limit keeps a large transfer from leaving a large heap behind. Go counts 231 MiB as live,
# most of it buffers that are set aside and never touched, and up to 249 MiB once many clients have
# written at once: with a limit near that it collects garbage all the time, which took four fifths
# of the processor time of small requests, and a tenth of a core when there was nothing to do.
_GO_ENVIRONMENT = {"GOMEMLIMIT": "320MiB", "GOGC": "40"}

_FLAGS = [
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-admin.ui=false",
    "-webdav=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-master.telemetry=false",
    "-s3.autoCreateBucket=false",
    "-volume.preStopSeconds=0",
    # Each bucket takes a volume, which is as large as what is in it; the default allows only as
    # many as the disk has room for gigabytes.
    "-volume.max=8192",
]
_SIGN = "/argosy/settled"
"""A file in SeaweedFS, beside the buckets: where it can be read, every object can."""
_PORTS = [
    f"{part}.port{kind}"
    for part in ("master", "volume", "filer", "s3", "admin")
    for kind in ("", ".grpc")
]


class Store:
    """How to start the store of one data folder; `program` is asked before each start."""

    def __init__(
        self, data_dir: DataDir, key: Credentials, *, isolated: bool | None = None
    ) -> None:
        self.isolated = namespaces_work() if isolated is None else isolated
        self._data_dir = data_dir
        self._folder = data_dir.store
        ports = [] if self.isolated else zip(_PORTS, free_ports(len(_PORTS)), strict=True)
        self._ports = dict(ports)
        (self._folder / "data").mkdir(mode=0o700, parents=True, exist_ok=True)
        write_identities(self._folder / "s3.json", key)

    @property
    def url(self) -> str:
        """Where it answers when it has a port, "" when it has the Unix socket."""
        return "" if self.isolated else f"http://127.0.0.1:{self._ports['s3.port']}"

    def settled(self) -> bool:
        """Whether objects can be read and written; if so, its socket is there from now on.

        SeaweedFS answers before its volumes have found their master, which takes up to five
        seconds when they miss it at first; until then every object that is there seems broken.
        """
        filer = self._hidden_filer if self.isolated else ("127.0.0.1", self._ports["filer.port"])
        if not (probe.exists(filer, _SIGN) or probe.make(filer, _SIGN)):
            return False
        if not self.isolated:
            return probe.port_answers(self._ports["s3.port"])
        if self._hidden_s3.exists():
            self._hidden_s3.rename(self._data_dir.store_socket)
        return self._data_dir.store_socket.exists()

    def program(self) -> Program | None:
        """The command, or None while an earlier SeaweedFS still holds the folder.

        It inherits a locked descriptor: the lock lasts exactly as long as it lives.
        """
        lock = self._lock()
        if lock is None:
            return None
        # Flags of the last start would win over ours; a dead one's sockets would be in the way.
        sockets = self._data_dir.store_socket, self._hidden_s3, self._hidden_filer
        for stale in (self._folder / "data" / "mini.options", *sockets):
            stale.unlink(missing_ok=True)
        command = [*self._namespace(), *self._seaweedfs()]
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(self._folder)}
        return Program(command, environment | _GO_ENVIRONMENT, (lock,), (lock,))

    def _lock(self) -> int | None:
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    @property
    def _hidden_s3(self) -> Path:
        """Its S3 face before it is settled."""
        return self._data_dir.run / "store.new"

    @property
    def _hidden_filer(self) -> Path:
        return self._data_dir.run / "filer.sock"

    def _namespace(self) -> list[str]:
        """bubblewrap with the binary, the store's folder and the sockets' folder, and no more."""
        if not self.isolated:
            return []
        command = [str(bubblewrap()), "--unshare-net", "--unshare-pid", "--as-pid-1"]
        command += ["--die-with-parent", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
        for folder in (self._folder, self._data_dir.run):
            command += ["--bind", str(folder), str(folder)]
        return [*command, "--ro-bind", str(weed()), "/weed", "--"]

    def _seaweedfs(self) -> list[str]:
        return [
            "/weed" if self.isolated else str(weed()),
            "-logtostderr=true",
            "mini",
            f"-dir={self._folder / 'data'}",
            *_FLAGS,
            *(f"-{name}={port}" for name, port in self._ports.items()),
            f"-s3.config={self._folder / 's3.json'}",
            f"-s3.localSocket={self._hidden_s3}",
            f"-filer.localSocket={self._hidden_filer}",
        ]


def write_identities(path: Path, key: Credentials) -> None:
    """SeaweedFS's list of who may do what: the root key, everything. Live after a SIGHUP."""
    identity = {
        "name": "root",
        "credentials": [{"accessKey": key.access_key_id, "secretKey": key.secret_access_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    write_json(path, {"identities": [identity]})


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()
