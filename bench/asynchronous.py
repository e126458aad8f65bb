"""`script/bench async`: accepted a second, done a second, nothing lost while workers are killed.

One instance of a small model; the request's payload is a row of JSON in an object. Accepted means
answered with 202, which is only said once the request is on disk.
"""

import contextlib
import json
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from argosy.testing import Platform
from bench import machine, model, ours, queued, wrk
from bench.processes import Unavailable
from bench.progress import Steps, steps
from bench.report import Report, milliseconds
from bench.results import Verdict, at_least
from bench.signing import signed_async_invocation

_NAME = "later"
_CONNECTIONS = 32
_CONCURRENCY = 8
_DONE_COUNT = 3000
_DRAIN_S = 300.0
_KILL_EVERY_S = 2.0
_MOST_KILLS = 6
_LOOKED_AT = 50


@dataclass(frozen=True, kw_only=True)
class Measured:
    """All that was found."""

    accepted: wrk.Load
    accepted_drained_s: float
    """Seconds until all that was accepted under that load was done, from its end."""
    done_count: int
    done_s: float
    queued: int
    queued_s: float
    """Seconds from the first of them being sent to the last answer being there."""
    kills: int
    lost: int
    wrong: int

    @property
    def done_per_second(self) -> float:
        return self.done_count / self.done_s


def measure(seconds: float, queue: int) -> Report:
    """Accept, end to end, drain."""
    here = machine.describe()
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder:
        saved = Path(folder) / "model.joblib"
        fitted = model.train(saved)
        with steps(4) as progress, Platform(spares=1) as platform:
            progress.now("endpoint")
            later = _Later(platform, saved, model.samples(fitted)[0])
            progress.done()
            found = _measured(later, seconds, queue, progress)
    return _report(here.sentence(), found)


class _Later:
    """An asynchronous endpoint, what it is asked, and what it has to answer."""

    def __init__(self, platform: Platform, saved: Path, sample: model.Sample) -> None:
        self.platform = platform
        self._expected = sample.expected
        self._s3 = platform.client("s3")
        ours.make_model(platform, _NAME, ours.packed({"model.joblib": saved.read_bytes()}))
        body = json.dumps({"instances": [sample.row]}).encode()
        self._s3.put_object(Bucket=ours.BUCKET, Key="input/row.json", Body=body)
        platform.client("sagemaker").create_endpoint_config(
            EndpointConfigName=_NAME,
            ProductionVariants=[
                {
                    "VariantName": "Only",
                    "ModelName": _NAME,
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                }
            ],
            AsyncInferenceConfig={
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": _CONCURRENCY},
                "OutputConfig": {
                    "S3OutputPath": f"s3://{ours.BUCKET}/output/",
                    "S3FailurePath": f"s3://{ours.BUCKET}/failure/",
                },
            },
        )
        ours.create_endpoint(platform, _NAME, _NAME)
        self.awaited(self.send(1), 60.0)

    def request(self) -> bytes:
        """A whole signed request, as boto3 would send it now."""
        return signed_async_invocation(
            self.platform.client("sagemaker-runtime"),
            EndpointName=_NAME,
            ContentType="application/json",
            Accept="application/json",
            InputLocation=f"s3://{ours.BUCKET}/input/row.json",
        )

    def send(self, count: int) -> set[str]:
        """Have that many accepted; the keys of their answers."""
        return {place.key for place in queued.send(self.platform.url, self.request(), count)}

    def there(self) -> set[str]:
        """The answers there are."""
        return queued.keys(self._s3, ours.BUCKET, "output/")

    def awaited(self, wanted: set[str], seconds: float) -> None:
        """Wait for these answers. Raises Unavailable when they do not all come."""
        if missing := self.missing(wanted, seconds):
            raise Unavailable(f"{len(missing)} of {len(wanted)} not done after {seconds:.0f} s")

    def missing(
        self, wanted: set[str], seconds: float, meanwhile: Callable[[], object] = lambda: None
    ) -> set[str]:
        """Which of these answers did not come in that time."""

        def one_is_there(key: str) -> bool:
            return queued.exists(self._s3, ours.BUCKET, key)

        return queued.await_objects(self.there, wanted, seconds, meanwhile, one_is_there)

    def quiet(self, seconds: float) -> None:
        """Wait until no more answers come."""
        deadline = time.monotonic() + seconds
        before, now = -1, len(self.there())
        while before != now:
            if time.monotonic() > deadline:
                raise Unavailable(f"still at work after {seconds:.0f} s")
            time.sleep(1.0)
            before, now = now, len(self.there())

    def wrong(self, wanted: set[str]) -> int:
        """How many of a few of these answers are not the model's."""
        chosen = random.Random(1).sample(sorted(wanted), min(_LOOKED_AT, len(wanted)))
        bodies = [self._s3.get_object(Bucket=ours.BUCKET, Key=key)["Body"].read() for key in chosen]
        return sum(json.loads(body)["predictions"] != [self._expected] for body in bodies)


class _Killer:
    """Kills the endpoint's worker every now and then, a few times."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._next = time.monotonic() + _KILL_EVERY_S / 2
        self.kills = 0

    def maybe(self) -> None:
        if self.kills >= _MOST_KILLS or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _KILL_EVERY_S
        for instance in ours.fleet(self._platform, _NAME):
            if pid := instance["worker_pid"]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.kills += 1


def _measured(later: _Later, seconds: float, queue: int, progress: Steps) -> Measured:
    progress.now("accepted")
    accepted = wrk.run(
        later.platform.url, [later.request()], connections=_CONNECTIONS, seconds=seconds
    )
    began = time.perf_counter()
    later.quiet(_DRAIN_S)
    drained = time.perf_counter() - began
    if len(later.there()) < accepted.requests:
        raise Unavailable(f"{accepted.requests} accepted, {len(later.there())} done")
    progress.done()
    progress.now("done")
    began = time.perf_counter()
    later.awaited(later.send(_DONE_COUNT), _DRAIN_S)
    done = time.perf_counter() - began
    progress.done()
    progress.now("killed")
    began = time.perf_counter()
    wanted, killer = later.send(queue), _Killer(later.platform)
    missing = later.missing(wanted, _DRAIN_S, killer.maybe)
    took = time.perf_counter() - began
    progress.done()
    return Measured(
        accepted=accepted,
        accepted_drained_s=drained,
        done_count=_DONE_COUNT,
        done_s=done,
        queued=queue,
        queued_s=took,
        kills=killer.kills,
        lost=len(missing),
        wrong=later.wrong(wanted - missing),
    )


def _report(machine_sentence: str, found: Measured) -> Report:
    load = found.accepted
    return Report(
        name="async",
        title="Asynchronous invocations: one instance, a row of JSON in an object",
        machine=machine_sentence,
        columns=("what", "requests", "seconds", "requests/s", ""),
        rows=(
            (
                f"accepted, {_CONNECTIONS} connections",
                f"{load.requests:,}",
                f"{load.seconds:.1f}",
                f"{load.per_second:,.0f}",
                f"p50 {milliseconds(load.p50_us)}, p99 {milliseconds(load.p99_us)}",
            ),
            (
                "sent and done",
                f"{found.done_count:,}",
                f"{found.done_s:.1f}",
                f"{found.done_per_second:,.0f}",
                "",
            ),
            (
                "queued and drained, workers killed",
                f"{found.queued:,}",
                f"{found.queued_s:.1f}",
                f"{found.queued / found.queued_s:,.0f}",
                f"{found.kills} kills",
            ),
        ),
        notes=(
            "Accepting, the instance works on what is accepted at the same time, on the same cores."
            f" What wrk had accepted was done {found.accepted_drained_s:.0f} s after its end."
            f" MaxConcurrentInvocationsPerInstance is {_CONCURRENCY}; answers are counted by"
            " listing the output path, and some of them looked at.",
        ),
        verdicts=_verdicts(found),
        figures=asdict(found),
    )


def _verdicts(found: Measured) -> tuple[Verdict, ...]:
    return (
        at_least("accepted a second", 2000, found.accepted.per_second, "/s"),
        at_least("done a second, end to end", 400, found.done_per_second, "/s"),
        Verdict(
            target="nothing is lost while workers are killed, nothing wrong",
            got=f"{found.lost} lost, {found.wrong} wrong of {found.queued:,}, {found.kills} kills",
            passed=not found.lost and not found.wrong and found.kills > 0,
        ),
        Verdict(
            target="every request is accepted",
            got=f"{found.accepted.failed} refused of {found.accepted.requests:,}",
            passed=not found.accepted.failed,
        ),
    )
