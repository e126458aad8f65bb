"""`script/bench lambda`: how long an invocation of a function takes, warm and cold, at the API.

Handlers that do nothing, so that only what Argosy adds is measured: signature, parsing, finding
the function, its process, its log. Cold starts are of functions that were never called; the warm
process that is kept for them is there, unless told otherwise.
"""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from argosy.testing import Platform
from bench import machine, wrk
from bench.figures import median
from bench.progress import steps
from bench.report import Report, milliseconds
from bench.results import Verdict, at_least, at_most
from bench.signing import signed_function_call

CONNECTIONS = (1, 2, 8)
COLD = 7
AT_ONCE = 8
_WARM_MS = 5.0
_COLD_MS = 250.0
_PER_SECOND = 500.0
_SPARE_S = 2.5
"""Seconds in which a spare is there again, on a quiet machine."""

_PLAIN = "def handler(event, context):\n    return event\n"
_WITH_BOTO3 = "import boto3\n\ns3 = boto3.client('s3')\n\n" + _PLAIN
_SLOW = _PLAIN.replace("    return", "    import time\n\n    time.sleep(0.5)\n    return")
_EVENT = json.dumps({"rows": [[5.1, 3.5, 1.4, 0.2]] * 8}).encode()


@dataclass(frozen=True, kw_only=True)
class Cold:
    """Cold starts of one kind, in milliseconds: from sending the request to its answer."""

    kind: str
    times_ms: list[float]


def measure(seconds: float) -> Report:
    """Warm at several numbers of connections, then cold."""
    here = machine.describe()
    with steps(4) as progress, Platform() as platform:
        progress.now("functions")
        client = platform.client("lambda")
        role = _role(platform)
        _create(client, role, "warm", _PLAIN)
        progress.done()
        progress.now("warm")
        warm = [_warm(platform, connections, seconds) for connections in CONNECTIONS]
        progress.done()
        progress.now("cold")
        cold = [
            _cold(client, role, "a handler that imports nothing", _PLAIN),
            _cold(client, role, "a handler that makes a client of boto3", _WITH_BOTO3),
        ]
        progress.done()
        progress.now("cold at once")
        cold.append(_at_once(platform, role))
        progress.done()
    return _report(here.sentence(), warm, cold)


def _role(platform: Platform) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = platform.client("iam").create_role(RoleName="bench", AssumeRolePolicyDocument=policy)
    return str(made["Role"]["Arn"])


def _create(client: Any, role: str, name: str, code: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", code)
    client.create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})


def _warm(platform: Platform, connections: int, seconds: float) -> wrk.Load:
    client = platform.client("lambda")
    requests = [signed_function_call(client, FunctionName="warm", Payload=_EVENT)]
    wrk.run(platform.url, requests, connections=connections, seconds=1.0)
    return wrk.run(platform.url, requests, connections=connections, seconds=seconds)


def _cold(client: Any, role: str, kind: str, code: str) -> Cold:
    client.get_account_settings()  # the connection is there before the clock runs
    return Cold(kind=kind, times_ms=list(_cold_times(client, role, code)))


def _cold_times(client: Any, role: str, code: str) -> Iterator[float]:
    for number in range(COLD):
        name = f"cold-{len(code)}-{number}"
        _create(client, role, name, code)
        time.sleep(_SPARE_S)
        yield _timed(client, name)


def _at_once(platform: Platform, role: str) -> Cold:
    """More at once than there are spares: environments of one function."""
    clients = [platform.client("lambda") for _ in range(AT_ONCE)]
    _create(clients[0], role, "at-once", _SLOW)
    for client in clients:
        client.get_account_settings()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        times = list(threads.map(lambda client: _timed(client, "at-once"), clients))
    kind = f"{AT_ONCE} at once, less their work of 500 ms"
    return Cold(kind=kind, times_ms=[each - 500 for each in times])


def _timed(client: Any, name: str) -> float:
    began = time.perf_counter()
    answer = client.invoke(FunctionName=name, Payload=_EVENT)
    answer["Payload"].read()
    if "FunctionError" in answer:
        raise RuntimeError(f"{name} failed")
    return (time.perf_counter() - began) * 1000


def _report(here: str, warm: list[wrk.Load], cold: list[Cold]) -> Report:
    one, two = warm[0], warm[1]
    rows = [_warm_row(load) for load in warm] + [_cold_row(some) for some in cold]
    return Report(
        name="lambda",
        title="Functions",
        machine=here,
        columns=("what", "connections", "a second", "p50", "slowest or p99"),
        rows=tuple(rows),
        notes=(
            "Warm: wrk with requests that boto3 signed; an environment a connection. Cold: the "
            f"first call of a function by boto3, {COLD} of each kind, a warm process being there; "
            "at once: there is one for one of them.",
        ),
        verdicts=(
            at_most("warm: p50 with 1 connection", _WARM_MS, one.p50_us / 1000, "ms"),
            at_least("warm: with 2 connections", _PER_SECOND, two.per_second, "a second"),
            *(
                at_most(f"cold: {some.kind}", _COLD_MS, median(some.times_ms), "ms")
                for some in cold[:2]
            ),
            Verdict(
                target="no invocation fails",
                got=f"{sum(load.failed for load in warm)} failed",
                passed=not any(load.failed for load in warm),
            ),
        ),
        figures={"warm": [asdict(load) for load in warm], "cold": [asdict(some) for some in cold]},
    )


def _warm_row(load: wrk.Load) -> tuple[str, ...]:
    return (
        "warm",
        str(load.connections),
        f"{load.per_second:,.0f}",
        milliseconds(load.p50_us),
        milliseconds(load.p99_us),
    )


def _cold_row(some: Cold) -> tuple[str, ...]:
    return (
        f"cold: {some.kind}",
        "-",
        "-",
        f"{median(some.times_ms):.0f} ms",
        f"{max(some.times_ms):.0f} ms",
    )
