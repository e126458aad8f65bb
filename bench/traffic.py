"""`script/bench traffic`: what callers notice of data capture and of shadow variants.

One model behind endpoints that differ only in that; they are called in rounds, in any order, so
that a machine that is busy for a while is so for all of them.
"""

import io
import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from argosy.testing import Platform
from bench import machine, ours, wrk
from bench.figures import median, ratio
from bench.progress import steps
from bench.report import Report, milliseconds
from bench.results import Verdict, at_most
from bench.signing import signed_invocation

CONNECTIONS = (1, 8)
ROUNDS = 5
_MOST = 1.05
_BODY = json.dumps({"instances": [load_iris().data[0].tolist()]}).encode()
_JSON = "application/json"
_SLEEPS = b"""
import time
import joblib

def model_fn(folder):
    return joblib.load(folder + "/model.joblib")

def predict_fn(rows, model):
    time.sleep(2)
    return model.predict(rows)
"""
PLAIN = "plain"
_KINDS = {
    PLAIN: "neither",
    "captured": "every request captured",
    "stuck": "a shadow that sleeps for 2 s",
    "shadowed": "a shadow of the same model",
}


@dataclass(frozen=True, kw_only=True)
class Found:
    """One endpoint with so many connections: the medians of all rounds, in microseconds."""

    kind: str
    connections: int
    per_second: float
    p50_us: float
    p99_us: float
    times_plain: float
    """The p50 over that of the endpoint with neither, in the same round."""
    failed: int


def measure(seconds: float) -> Report:
    """All endpoints, in rounds."""
    here = machine.describe()
    with steps(1 + ROUNDS) as progress, Platform(capture_free_mb=0) as platform:
        progress.now("endpoints")
        _deploy(platform)
        progress.done()
        loads: dict[tuple[str, int], list[wrk.Load]] = {}
        chance = random.Random(1)
        for number in range(ROUNDS):
            progress.now(f"round {number + 1}")
            for kind, load in _round(platform, max(1.0, seconds / 2), chance):
                loads.setdefault((kind, load.connections), []).append(load)
            progress.done()
        dropped = _dropped(platform)
    found = [
        _found(kind, connections, some, loads[PLAIN, connections])
        for (kind, connections), some in loads.items()
    ]
    return _report(here.sentence(), found, dropped)


def _deploy(platform: Platform) -> None:
    data = load_iris()
    dumped = io.BytesIO()
    joblib.dump(LogisticRegression(max_iter=1000).fit(data.data, data.target), dumped)
    ours.make_model(platform, "model", ours.packed({"model.joblib": dumped.getvalue()}))
    sleeping = {"model.joblib": dumped.getvalue(), "code/inference.py": _SLEEPS}
    ours.make_model(platform, "sleeping", ours.packed(sleeping))
    more: dict[str, dict[str, Any]] = {
        PLAIN: {},
        "captured": {"DataCaptureConfig": _capture()},
        "stuck": {"ShadowProductionVariants": [_variant("Shadow", "sleeping")]},
        "shadowed": {"ShadowProductionVariants": [_variant("Shadow", "model")]},
    }
    for kind in _KINDS:
        platform.client("sagemaker").create_endpoint_config(
            EndpointConfigName=kind, ProductionVariants=[_variant("Only", "model")], **more[kind]
        )
        ours.create_endpoint(platform, kind, kind)


def _variant(name: str, model: str) -> dict[str, Any]:
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }


def _capture() -> dict[str, Any]:
    return {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{ours.BUCKET}/captured",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": [_JSON]},
    }


def _round(
    platform: Platform, seconds: float, chance: random.Random
) -> Iterator[tuple[str, wrk.Load]]:
    runtime = platform.client("sagemaker-runtime")
    for connections in CONNECTIONS:
        for kind in chance.sample(list(_KINDS), len(_KINDS)):
            request = signed_invocation(
                runtime, EndpointName=kind, ContentType=_JSON, Accept=_JSON, Body=_BODY
            )
            wrk.run(platform.url, [request], connections=connections, seconds=1.0)
            yield kind, wrk.run(platform.url, [request], connections=connections, seconds=seconds)


def _dropped(platform: Platform) -> int:
    """Requests of the last seconds that were left out of capture."""
    return sum(
        variant["capture_dropped"]
        for endpoint in platform.status()["endpoints"]
        for variant in endpoint["variants"]
    )


def _found(kind: str, connections: int, loads: list[wrk.Load], plain: list[wrk.Load]) -> Found:
    pairs = zip(loads, plain, strict=True)
    return Found(
        kind=kind,
        connections=connections,
        per_second=median([load.per_second for load in loads]),
        p50_us=median([load.p50_us for load in loads]),
        p99_us=median([load.p99_us for load in loads]),
        times_plain=median([ratio(one.p50_us, other.p50_us) or 0.0 for one, other in pairs]),
        failed=sum(load.failed for load in loads),
    )


def _report(here: str, found: list[Found], dropped: int) -> Report:
    ordered = sorted(found, key=lambda one: (list(_KINDS).index(one.kind), one.connections))
    return Report(
        name="traffic",
        title="Data capture and shadow variants",
        machine=here,
        columns=("endpoint", "connections", "requests/s", "p50", "p99", "p50 over neither's"),
        rows=tuple(map(_row, ordered)),
        notes=(
            f"Medians of {ROUNDS} rounds, in which the endpoints are called in any order; the last "
            "column compares within a round. The shadow of the same model predicts everything a "
            "second time on the same cores. "
            f"Left out of capture in the last seconds: {dropped}.",
        ),
        verdicts=(
            *(_verdict(one) for one in ordered if one.connections == 1 and one.kind != PLAIN),
            Verdict(
                target="no request fails",
                got=f"{sum(one.failed for one in found)} failed",
                passed=not any(one.failed for one in found),
            ),
        ),
        figures=[asdict(one) for one in ordered],
    )


def _verdict(one: Found) -> Verdict:
    what = f"{_KINDS[one.kind]}: p50 over neither's, 1 connection"
    return at_most(what, _MOST, one.times_plain, "×")


def _row(one: Found) -> tuple[str, ...]:
    return (
        _KINDS[one.kind],
        str(one.connections),
        f"{one.per_second:,.0f}",
        milliseconds(one.p50_us),
        milliseconds(one.p99_us),
        f"{one.times_plain:.2f}×",
    )
