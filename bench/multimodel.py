"""`script/bench multimodel`: 1,000 small models on one endpoint under a memory limit of 1 GB.

Each model is a logistic regression with class labels of its own, so every answer says which model
gave it. Warm calls are compared with those of a single-model endpoint on the same platform; cold
ones are timed one by one; then models are called as Zipf has it while memory is watched.
"""

import io
import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import joblib
import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from argosy.testing import Platform
from bench import machine, ours, wrk
from bench.callers import Called, Caller
from bench.figures import percentile, ratio
from bench.memory import peak_of, proportional_mib
from bench.processes import descendants
from bench.progress import Steps, steps
from bench.report import Report, milliseconds
from bench.results import Verdict, at_most
from bench.signing import signed_invocation

MODELS = 1000
LIMIT_MB = 1000
COLD = 100
CALLERS = 4
_PREFIX = "zipf"
_CLASSES = 3
_WARM = 8
_LOOK_S = 0.5
_COLD_MS = 150.0
_ROW = load_iris().data[0].tolist()
_BODY = json.dumps({"instances": [_ROW]}).encode()
_JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """All that was found; times in microseconds, memory in MiB."""

    single: wrk.Load
    same: wrk.Load
    """One model of many, warm."""
    singles: wrk.Load
    """`_WARM` single-model endpoints in turn."""
    several: wrk.Load
    """`_WARM` models of one endpoint in turn, warm."""
    cold_us: tuple[float, ...]
    zipf: Called
    zipf_s: float
    peak_mib: float
    counts: dict[str, Any]
    """What `argosy status` says of the models at the end."""


def measure(seconds: float) -> Report:
    """Warm, cold, Zipf."""
    here = machine.describe()
    with steps(4) as progress, Platform(multi_model_memory_mb=LIMIT_MB, spares=0) as platform:
        progress.now("models")
        _upload(platform)
        _endpoints(platform)
        progress.done()
        found = _measured(platform, seconds, progress)
    return _report(here.sentence(), found)


def archive_of(number: int, fitted: Any) -> bytes:
    """The model's archive: its classes are 3n, 3n + 1 and 3n + 2."""
    fitted.classes_ = np.arange(_CLASSES) + _CLASSES * number
    dumped = io.BytesIO()
    joblib.dump(fitted, dumped)
    return ours.packed({"model.joblib": dumped.getvalue()})


def zipf(count: int, seed: int) -> Iterator[int]:
    """Numbers below `count`, the n-th as often as 1/n says."""
    chance = random.Random(seed)
    weights = [1 / (n + 1) for n in range(count)]
    while True:
        yield from chance.choices(range(count), weights, k=1000)


def _upload(platform: Platform) -> None:
    data = load_iris()
    fitted = LogisticRegression(max_iter=1000).fit(data.data, data.target)
    s3 = platform.client("s3")
    s3.create_bucket(Bucket=ours.BUCKET)
    archives = [archive_of(n, fitted) for n in range(MODELS)]
    with ThreadPoolExecutor(8) as pool:
        puts = [
            pool.submit(s3.put_object, Bucket=ours.BUCKET, Key=f"{_PREFIX}/{_name(n)}", Body=body)
            for n, body in enumerate(archives)
        ]
        for put in puts:
            put.result()
    for number in range(_WARM):
        ours.make_model(platform, _single(number), archives[number])


def _endpoints(platform: Platform) -> None:
    platform.client("sagemaker").create_model(
        ModelName="many",
        ExecutionRoleArn=ours.ROLE,
        PrimaryContainer={
            "Image": ours.IMAGE,
            "Mode": "MultiModel",
            "ModelDataUrl": f"s3://{ours.BUCKET}/{_PREFIX}/",
        },
    )
    for name in ("many", *map(_single, range(_WARM))):
        ours.make_config(platform, name, name, ours.ONE)
        ours.create_endpoint(platform, name, name)


def _measured(platform: Platform, seconds: float, progress: Steps) -> Measured:
    runtime = platform.client("sagemaker-runtime")
    caller = Caller(platform.url, [_request(runtime, "many", n) for n in range(MODELS)], _right)
    progress.now("warm")
    for number in range(_WARM):
        caller.must(number)
    alone = [_request(runtime, _single(n), None) for n in range(_WARM)]
    among = [_request(runtime, "many", n) for n in range(_WARM)]
    single, same, singles, several = (
        _load(platform, requests, seconds) for requests in (alone[:1], among[:1], alone, among)
    )
    for number in range(_WARM):
        ours.delete_endpoint(platform, _single(number))
    progress.done()
    progress.now("cold")
    cold = tuple(caller.must(MODELS - 1 - number) * 1e6 for number in range(COLD))
    progress.done()
    progress.now("Zipf")
    duration = 6 * seconds
    zygote = ours.fleet(platform, "many")[0]["worker_pid"]
    with peak_of(lambda: proportional_mib(descendants({zygote})), _LOOK_S) as peak:
        called = caller.spread(CALLERS, duration, lambda seed: zipf(MODELS, seed))
    progress.done()
    return Measured(
        single=single,
        same=same,
        singles=singles,
        several=several,
        cold_us=cold,
        zipf=called,
        zipf_s=duration,
        peak_mib=peak.mib,
        counts=_counts(platform),
    )


def _counts(platform: Platform) -> dict[str, Any]:
    entry = next(e for e in platform.status()["endpoints"] if e["name"] == "many")
    found: dict[str, Any] = entry["variants"][0]["models"] or {}
    return found


def _request(runtime: Any, endpoint: str, number: int | None) -> bytes:
    target = {} if number is None else {"TargetModel": _name(number)}
    return signed_invocation(
        runtime, EndpointName=endpoint, ContentType=_JSON, Accept=_JSON, Body=_BODY, **target
    )


def _single(number: int) -> str:
    return f"single-{number}"


def _name(number: int) -> str:
    return f"{number:04}.tar.gz"


def _right(number: int, status: int, body: bytes) -> bool:
    """Whether that model answered: the first row of iris is of its first class."""
    return status == 200 and json.loads(body)["predictions"] == [_CLASSES * number]


def _load(platform: Platform, requests: Sequence[bytes], seconds: float) -> wrk.Load:
    wrk.run(platform.url, requests, connections=1, seconds=1.0)
    return wrk.run(platform.url, requests, connections=1, seconds=seconds)


def _report(machine_sentence: str, found: Measured) -> Report:
    cold = sorted(found.cold_us)
    called = found.zipf
    rows = (
        _warm("warm, a single-model endpoint", found.single),
        _warm("warm, one model of many", found.same),
        _warm(f"warm, {_WARM} single-model endpoints in turn", found.singles),
        _warm(f"warm, {_WARM} models of many in turn", found.several),
        (
            "cold, one after another",
            str(len(cold)),
            *_times(percentile(cold, 50), percentile(cold, 99)),
            "",
        ),
        (
            f"Zipf, {CALLERS} callers",
            f"{called.requests:,}",
            *_times(called.p50_us, called.p99_us),
            f"{called.failed} failed, {called.wrong} wrong",
        ),
    )
    return Report(
        name="multimodel",
        title=f"{MODELS:,} models on one endpoint, limit {LIMIT_MB:,} MiB",
        machine=machine_sentence,
        columns=("calls", "number", "p50", "p99", ""),
        rows=rows,
        notes=(_note(found),),
        verdicts=(*_verdicts(found, cold), _all_right(called)),
        figures=asdict(found),
    )


def _note(found: Measured) -> str:
    counts = found.counts
    return (
        "Every model is a logistic regression of its own. Zipf: the n-th model is called 1/n as "
        f"often as the first, for {found.zipf_s:g} s. Of the last minute: {counts.get('hits')} "
        f"hits, {_times_of(counts, 'loading')} loads, {_times_of(counts, 'unloading')} unloads; "
        f"{counts.get('loaded')} models loaded at the end. Memory: PSS of the process that models "
        f"are forked from and of all models, looked at every {_LOOK_S:g} s."
    )


def _times_of(counts: dict[str, Any], what: str) -> int:
    return int(counts.get(what, {}).get("count", 0))


def _verdicts(found: Measured, cold: Sequence[float]) -> tuple[Verdict, ...]:
    one = ratio(found.same.p50_us, found.single.p50_us)
    several = ratio(found.several.p50_us, found.singles.p50_us)
    return (
        at_most("warm p50 over a single-model endpoint's", 1.2, one, "×"),
        at_most(f"{_WARM} models in turn, p50 over as many endpoints'", 1.2, several, "×"),
        at_most("cold call, p50", _COLD_MS, percentile(cold, 50) / 1000, "ms"),
        at_most("cold call, p99", _COLD_MS, percentile(cold, 99) / 1000, "ms"),
        at_most("memory throughout", LIMIT_MB, found.peak_mib, "MiB"),
    )


def _all_right(called: Called) -> Verdict:
    return Verdict(
        target="every answer is that of the model that was asked",
        got=f"{called.failed} failed, {called.wrong} wrong of {called.requests:,}",
        passed=not (called.failed or called.wrong),
    )


def _warm(title: str, load: wrk.Load) -> tuple[str, ...]:
    failed = f"{load.failed} failed" if load.failed else ""
    return (title, f"{load.requests:,}", *_times(load.p50_us, load.p99_us), failed)


def _times(half: float, most: float) -> tuple[str, str]:
    return milliseconds(half), milliseconds(most)
