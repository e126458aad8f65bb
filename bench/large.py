"""`script/bench large`: bodies of 5 MB, against nginx proxying as many bytes.

Ours goes to a model that only counts the bytes, so that what is measured is the way there:
signature, hash of the body, routing, and the hand-over to the worker.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from argosy.testing import Platform
from bench import machine, nginx, ours, wrk
from bench.figures import ratio
from bench.http import exchange, post
from bench.memory import resident_mib, watched
from bench.processes import Unavailable
from bench.progress import Steps, steps
from bench.report import Report, milliseconds
from bench.results import Verdict, at_least, at_most
from bench.signing import signed_invocation
from bench.stacks import NOT_AVAILABLE, Target, reason_of

BODY_BYTES = 5_000_000
CONNECTIONS = 8
_BINARY = "application/octet-stream"
_FLAT_MIB = 16.0
_BODIES = 4

COUNTING = """
def model_fn(folder):
    return None


def input_fn(body, content_type):
    return len(body)


def predict_fn(length, model):
    return length


def output_fn(length, accept):
    return str(length)
"""


@dataclass(frozen=True, kw_only=True)
class Carried:
    """One way for large bodies: the load, and the front process's memory in MiB around it."""

    title: str
    load: wrk.Load | None = None
    before_mib: float = 0.0
    peak_mib: float = 0.0
    after_mib: float = 0.0
    reason: str = ""

    @property
    def megabytes_per_second(self) -> float | None:
        return self.load.per_second * BODY_BYTES / 1e6 if self.load else None


def measure(seconds: float) -> Report:
    """Ours, then nginx streaming, then nginx taking each body in before it passes it on."""
    here = machine.describe()
    bodies = [os.urandom(BODY_BYTES) for _ in range(_BODIES)]
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder, steps(3) as progress:
        argosy = _attempt("Argosy", lambda: _argosy(bodies, seconds), progress)
        proxies = [
            _attempt(title, _proxy_in(Path(folder) / mode, mode, bodies, seconds), progress)
            for mode, title in (("off", "nginx, streaming"), ("on", "nginx, buffering in memory"))
        ]
    return _report(here.sentence(), argosy, proxies)


def _attempt(title: str, run: Callable[[], Carried], progress: Steps) -> Carried:
    progress.now(title)
    try:
        carried = run()
    except NOT_AVAILABLE as error:
        carried = Carried(title=title, reason=reason_of(error))
    progress.done()
    return replace(carried, title=title)


def _argosy(bodies: list[bytes], seconds: float) -> Carried:
    with Platform() as platform, _counting_endpoint(platform, bodies) as target:
        status, answer = exchange(target.url, target.requests()[0])
        if status != 200 or answer.strip(b'"\n') != str(BODY_BYTES).encode():
            raise Unavailable(f"answers wrongly: {status} {answer[:120]!r}")
        return _carried(target, platform.pids()["edges"], seconds)


@contextlib.contextmanager
def _counting_endpoint(platform: Platform, bodies: list[bytes]) -> Iterator[Target]:
    archive = ours.packed({"code/inference.py": COUNTING.encode()})
    ours.make_model(platform, "counting", archive)
    ours.make_config(platform, "counting", "counting", ours.ONE)
    ours.create_endpoint(platform, "counting", "counting")
    runtime = platform.client("sagemaker-runtime")
    yield Target(
        platform.url,
        lambda: [
            signed_invocation(runtime, EndpointName="counting", ContentType=_BINARY, Body=body)
            for body in bodies
        ],
    )
    ours.delete_endpoint(platform, "counting")


def _proxy_in(
    scratch: Path, buffering: str, bodies: list[bytes], seconds: float
) -> Callable[[], Carried]:
    def run() -> Carried:
        scratch.mkdir()
        with (
            nginx.canned(scratch) as behind,
            nginx.proxy(scratch, behind, buffering=buffering == "on") as (url, pids),
        ):
            headers = {"Content-Type": _BINARY}
            requests = [post(url, "/read", body, headers) for body in bodies]
            return _carried(Target(url, lambda: requests), pids(), seconds)

    return run


def _carried(target: Target, pids: list[int] | set[int], seconds: float) -> Carried:
    """Load twice: once to let buffers grow to their working size, once to measure."""
    _load(target, min(seconds, 2.0))
    before = resident_mib(pids)
    with watched(pids) as peak:
        load = _load(target, seconds)
    return Carried(
        title="",
        load=load,
        before_mib=before,
        peak_mib=peak.mib,
        after_mib=resident_mib(pids),
    )


def _load(target: Target, seconds: float) -> wrk.Load:
    return wrk.run(target.url, target.requests(), connections=CONNECTIONS, seconds=seconds)


def _report(machine_sentence: str, argosy: Carried, proxies: list[Carried]) -> Report:
    best = max((p.megabytes_per_second or 0.0 for p in proxies), default=0.0)
    share = ratio(argosy.megabytes_per_second, best)
    growth = argosy.after_mib - argosy.before_mib if argosy.load else None
    targets = [
        at_least("Argosy over the faster nginx proxy, bytes/s", 0.5, share, "×"),
        at_most("growth of the edge's memory over the run", _FLAT_MIB, growth, "MiB"),
    ]
    if argosy.load and argosy.load.failed:
        targets.append(Verdict(target="no request fails", got="some", passed=False))
    return Report(
        name="large",
        title=f"Requests of {BODY_BYTES / 1e6:g} MB, {CONNECTIONS} connections",
        machine=machine_sentence,
        columns=("stack", "MB/s", "p50", "p99", "RSS before", "peak", "after", "Argosy does"),
        rows=tuple(_row(c, argosy) for c in (argosy, *proxies)),
        notes=(
            "Argosy: signed, hashed, one worker whose script counts the bytes. nginx: one worker "
            "process, in front of an nginx that takes the body in and answers a canned one. RSS is "
            "that of the edge, or of the front nginx, after a warm-up run.",
        ),
        verdicts=tuple(targets),
        figures=[asdict(c) for c in (argosy, *proxies)],
    )


def _row(carried: Carried, argosy: Carried) -> tuple[str, ...]:
    if carried.load is None:
        return (carried.title, *["-"] * 6, carried.reason)
    multiple = ratio(argosy.megabytes_per_second, carried.megabytes_per_second)
    remark = "-" if multiple is None else f"{multiple:.2f}×"
    if carried.load.failed:
        remark += f" ({carried.load.failed} failed)"
    return (
        carried.title,
        f"{carried.megabytes_per_second:,.0f}",
        milliseconds(carried.load.p50_us),
        milliseconds(carried.load.p99_us),
        *(f"{v:.0f} MiB" for v in (carried.before_mib, carried.peak_mib, carried.after_mib)),
        remark,
    )
