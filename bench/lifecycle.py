"""`script/bench lifecycle`: how long starting takes, and how much memory waiting costs."""

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from argosy.testing import Platform
from bench import machine, model, ours
from bench.figures import median
from bench.memory import proportional_mib
from bench.processes import cpu_seconds, descendants, free_port, marked, marking, running
from bench.progress import Steps, steps
from bench.report import Report
from bench.results import Verdict, at_most
from bench.stacks import NOT_AVAILABLE, reason_of

_ENDPOINT = "lifecycle"
_SERVICES = ("sts", "sagemaker", "s3")
_MB_PER_MIB = 2**20 / 1e6
_UP_S = 30.0
_DOWN_S = 20.0
_QUIET_S = 0.5
_QUIET_SHARE = 0.08
_UNTIL_QUIET_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something timed several times, and how long it may take."""

    title: str
    unit: str
    wanted: float | None
    """None where nothing is promised."""
    values: tuple[float, ...] = ()
    reason: str = ""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Judged by the median; the table has the worst too."""
        if self.wanted is None:
            return ()
        judged = at_most(f"{self.title} (median)", self.wanted, self._median(), self.unit)
        return (judged,)

    def row(self) -> tuple[str, ...]:
        if not self.values:
            return (self.title, "0", "-", "-", self.reason)
        middle, most = self._median(), max(self.values)
        wanted = "-" if self.wanted is None else f"≤ {self.wanted:g} {self.unit}"
        shown = (f"{middle:.2f} {self.unit}", f"{most:.2f} {self.unit}", wanted)
        return (self.title, str(len(self.values)), *shown)

    def _median(self) -> float | None:
        return median(self.values) if self.values else None


def measure(repeat: int) -> Report:
    """Start platforms, create endpoints, kill workers, each `repeat` times."""
    here = machine.describe()
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder,
        steps(3 * repeat + 2) as progress,
    ):
        starts = _starts(Path(folder), repeat, progress)
        within = _within_one_platform(Path(folder), repeat, progress)
    return Report(
        name="lifecycle",
        title="Starting, replacing and waiting",
        machine=here.sentence(),
        columns=("step", "times", "median", "worst", "target"),
        rows=tuple(step.row() for step in (*starts, *within)),
        notes=(
            "Ready: STS, SageMaker and S3 have each answered a signed call. Warm: the platform has "
            "served that runtime before and has been quiet for half a second. Idle memory: PSS of "
            "every process of the platform, spares included, with no endpoint.",
        ),
        verdicts=tuple(v for step in (*starts, *within) for v in step.verdicts),
        figures=[
            {"title": s.title, "unit": s.unit, "values": s.values} for s in (*starts, *within)
        ],
    )


def _starts(folder: Path, repeat: int, progress: Steps) -> tuple[Step, Step]:
    """`argosy up` on a new data folder, and again on the one it left behind."""
    fresh: list[float] = []
    again: list[float] = []
    reason = ""
    try:
        for number in range(repeat):
            progress.now("argosy up")
            data = folder / f"data-{number}"
            fresh.append(_start(data))
            again.append(_start(data))
            progress.done()
    except NOT_AVAILABLE as error:
        reason = reason_of(error)
    common: dict[str, Any] = {"unit": "s", "wanted": 2.5, "reason": reason}
    return (
        Step(title="argosy up to ready, new data folder", values=tuple(fresh), **common),
        Step(title="argosy up to ready, existing data folder", values=tuple(again), **common),
    )


def _start(data: Path) -> float:
    """Seconds from starting `argosy up` until every service has answered a signed call."""
    port = free_port()
    program = str(Path(sys.executable).with_name("argosy"))
    command = [program, "up", "--data-dir", str(data), "--port", str(port)]
    ready = _Ready(data, f"http://127.0.0.1:{port}")
    began = time.perf_counter()
    with running(command, {}, data.with_suffix(".log"), patience=_DOWN_S) as server:
        server.wait_until(ready, _UP_S, interval=0.01)
        return time.perf_counter() - began


class _Ready:
    """Asks each service until it has answered once."""

    _quick = Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 1})

    def __init__(self, data: Path, url: str) -> None:
        self._credentials = data / "credentials.json"
        self._url = url
        # Reading botocore's service models takes a while; it is not the platform's.
        self._session = boto3.Session(region_name="us-east-1")
        for service in _SERVICES:
            self._client(service, "none", "none")
        self._clients: dict[str, Any] = {}
        self._waiting = list(_SERVICES)

    def __call__(self) -> bool:
        if not self._clients and not self._took_key():
            return False
        with contextlib.suppress(BotoCoreError, ClientError):
            while self._waiting:
                self._ask(self._waiting[0])
                del self._waiting[0]
        return not self._waiting

    def _took_key(self) -> bool:
        try:
            key = json.loads(self._credentials.read_text())
        except (OSError, json.JSONDecodeError):
            return False
        for service in _SERVICES:
            self._clients[service] = self._client(
                service, key["access_key_id"], key["secret_access_key"]
            )
        return True

    def _ask(self, service: str) -> None:
        call = {"sts": "get_caller_identity", "sagemaker": "list_endpoints", "s3": "list_buckets"}
        getattr(self._clients[service], call[service])()

    def _client(self, service: str, key: str, secret: str) -> Any:
        return self._session.client(
            service,
            endpoint_url=self._url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=self._quick,
        )


def _within_one_platform(folder: Path, repeat: int, progress: Steps) -> list[Step]:
    """CreateEndpoint cold and warm, replacement of a killed worker, idle memory."""
    found: dict[str, list[float]] = {"cold": [], "warm": [], "replaced": [], "memory": []}
    reason = ""
    try:
        with marking() as mark, Platform() as platform:
            for name, value in _measurements(platform, mark, folder, repeat):
                found[name].append(value)
                progress.now("endpoints" if name != "replaced" else "kill -9")
                progress.done()
    except NOT_AVAILABLE as error:
        reason = reason_of(error)
    rows: tuple[tuple[str, str, str, float | None], ...] = (
        ("cold", "first CreateEndpoint to InService, nothing warm", "s", None),
        ("warm", "CreateEndpoint to InService, warm", "s", 1.0),
        ("replaced", "kill -9 of a worker to another in service", "s", 1.0),
        ("memory", "idle memory of the platform", "MB", 350.0),
    )
    return [
        Step(title=title, unit=unit, wanted=wanted, values=tuple(found[name]), reason=reason)
        for name, title, unit, wanted in rows
    ]


def _measurements(
    platform: Platform, mark: str, folder: Path, repeat: int
) -> Iterator[tuple[str, float]]:
    saved = folder / "model.joblib"
    model.train(saved)
    ours.make_model(platform, _ENDPOINT, ours.packed({"model.joblib": saved.read_bytes()}))
    ours.make_config(platform, _ENDPOINT, _ENDPOINT, ours.ONE)
    yield "cold", ours.create_endpoint(platform, _ENDPOINT, _ENDPOINT)
    for _ in range(repeat):
        ours.delete_endpoint(platform, _ENDPOINT)
        _until_quiet(mark)
        yield "warm", ours.create_endpoint(platform, _ENDPOINT, _ENDPOINT)
    for _ in range(repeat):
        _until_quiet(mark)
        yield "replaced", _replacement(platform)
    ours.delete_endpoint(platform, _ENDPOINT)
    _until_quiet(mark)
    yield "memory", proportional_mib(_processes(mark)) * _MB_PER_MIB


def _replacement(platform: Platform) -> float:
    """Seconds from killing the endpoint's only worker until another instance is in service."""
    victim = _in_service(platform)[0]
    began = time.perf_counter()
    os.kill(victim["worker_pid"], signal.SIGKILL)
    ours.until(lambda: any(i["id"] != victim["id"] for i in _in_service(platform)), 60)
    return time.perf_counter() - began


def _in_service(platform: Platform) -> list[dict[str, Any]]:
    return [i for i in ours.fleet(platform, _ENDPOINT) if i["phase"] == "InService"]


def _processes(mark: str) -> set[int]:
    return descendants(marked(mark))


def _until_quiet(mark: str) -> None:
    """Return when the platform hardly uses the processor: spares are ready, the old is gone."""
    deadline = time.monotonic() + _UNTIL_QUIET_S
    while _share(mark) >= _QUIET_SHARE and time.monotonic() < deadline:
        pass


def _share(mark: str) -> float:
    pids = _processes(mark)
    before = cpu_seconds(pids)
    time.sleep(_QUIET_S)
    return (cpu_seconds(pids) - before) / _QUIET_S if _processes(mark) == pids else 1.0
