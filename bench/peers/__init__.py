"""The serving stacks Argosy is measured against, one `Peer` each.

`peers/<name>/` holds the server file and the pinned requirements; the files there run in that
peer's own venv and import nothing of this package.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = list[float]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """How to start one serving stack and how to speak to it."""

    name: str
    title: str
    path: str
    command: tuple[str, ...]
    """First word: a program of the venv; {folder}, {port}, {scratch} are filled in."""
    encode: Callable[[Row], Any] = lambda row: {"instances": [row]}
    decode: Callable[[Any], Any] = lambda answer: answer["predictions"][0]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    """Folder in bench/peers and bench/venvs; that of its name when empty."""
    behind_nginx: bool = False
    """The stack listens on {scratch}/http.sock, and nginx in front of that on the port."""
    ready_s: float = 90.0

    @property
    def home(self) -> str:
        """Name of its folder in bench/peers and bench/venvs."""
        return self.folder or self.name

    def body(self, row: Row) -> bytes:
        """The JSON request for one row."""
        return json.dumps(self.encode(row)).encode()

    def prediction(self, answer: bytes) -> int:
        """The class in an answer. Raises ValueError, LookupError or TypeError on anything else."""
        return int(self.decode(json.loads(answer)))


def _open_inference_request(row: Row) -> Any:
    return {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP64", "data": row}]}


def _mosec(batch: int) -> Peer:
    """mosec as it comes (one request at a time), or gathering batches for 1 ms at most."""
    command = ("python", "{folder}/server.py", "--address", "127.0.0.1", "--port", "{port}")
    return Peer(
        name=f"mosec-batch-{batch}" if batch > 1 else "mosec",
        title=f"mosec 0.9.8, batches of {batch}" if batch > 1 else "mosec 0.9.8",
        folder="mosec",
        path="/inference",
        command=command,
        environment={"BENCH_BATCH": str(batch)},
    )


PEERS: tuple[Peer, ...] = (
    *(_mosec(batch) for batch in (1, 16, 64)),
    Peer(
        name="mlserver",
        title="MLServer 1.7.1",
        path="/v2/models/iris/infer",
        command=("python", "{folder}/server.py"),
        encode=_open_inference_request,
        decode=lambda answer: answer["outputs"][0]["data"][0],
    ),
    Peer(
        name="litserve",
        title="LitServe 0.2.19",
        path="/predict",
        command=("python", "{folder}/server.py"),
    ),
    Peer(
        name="bentoml",
        title="BentoML 1.4.39",
        path="/predict",
        command=(
            *("bentoml", "serve", "server:Predict", "--working-dir", "{folder}"),
            *("--host", "127.0.0.1", "--port", "{port}"),
        ),
        decode=lambda answer: answer[0],
    ),
    Peer(
        name="ray_serve",
        title="Ray Serve 2.60",
        path="/invocations",
        command=("python", "{folder}/server.py"),
    ),
    Peer(
        name="mlflow",
        title="MLflow serving 3.17.2",
        path="/invocations",
        command=("python", "{folder}/server.py"),
        encode=lambda row: {"inputs": [row]},
    ),
    Peer(
        name="gunicorn_flask",
        title="nginx + gunicorn + flask",
        path="/invocations",
        command=(
            *("gunicorn", "--chdir", "{folder}", "--bind", "unix:{scratch}/http.sock"),
            *("--workers", "1", "--no-control-socket", "server:application"),
        ),
        behind_nginx=True,
    ),
)

CONTAINER = Peer(
    name="container",
    title="nginx + gunicorn + flask + pandas",
    path="/invocations",
    command=(
        *("gunicorn", "--chdir", "{folder}", "--bind", "unix:{scratch}/http.sock"),
        *("--workers", "1", "--timeout", "120", "--no-control-socket", "server:application"),
    ),
    behind_nginx=True,
)
"""What batch transform is measured against: it takes payloads of CSV, and is not loaded by rows."""

NGINX = "nginx"
"""The peer without a model or a venv: nginx proxying to an nginx with a canned body."""


def chosen(names: str) -> tuple[list[Peer], bool]:
    """The peers named in a comma-separated list ("" means all), and whether nginx is among them.

    A peer's folder names all its rows. Raises ValueError naming what is not known.
    """
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    known = {NGINX} | {peer.name for peer in PEERS} | {peer.home for peer in PEERS}
    if unknown := wanted - known:
        raise ValueError(
            f"no peer {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}"
        )
    peers = [peer for peer in PEERS if not wanted or {peer.name, peer.home} & wanted]
    return peers, not wanted or NGINX in wanted
