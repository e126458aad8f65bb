"""`script/bench scaling`: how quickly capacity follows, and what an endpoint costs that has none.

The model of the first parts waits for a fixed time in each call and tells who it is, so that an
instance has a capacity that is known, and new instances are seen by their answers. Decisions are
those of real policies: a step policy whose alarm is set, and target tracking under load.
"""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from argosy.load.target import Target
from argosy.testing import Platform
from bench import machine, model, ours, stepping
from bench.lifecycle import Step
from bench.memory import proportional_mib
from bench.processes import Unavailable, descendants
from bench.progress import Steps, steps
from bench.report import Report
from bench.results import Verdict, at_most
from bench.stacks import NOT_AVAILABLE, reason_of

_CALL_S = 0.02
_BASE_RATE, _STEP_RATE = 15.0, 75.0
_TARGET_VALUE = 0.5 * 60 / _CALL_S
_SLOW_S = 0.25
_INSTANCES = 4
_CONFIG = "scaled"
_GONE_S = 90.0
_CALLS = 5000
_DEAD = ("Failed", "Gone")
_DIMENSION = "sagemaker:variant:DesiredInstanceCount"
_WAITS = f"""
import os, time
def model_fn(folder):
    return os.urandom(8).hex()
def transform_fn(model, body, content_type, accept):
    time.sleep({_CALL_S})
    return model, "text/csv"
"""


def measure(quick: bool) -> list[Report]:
    """All parts; fewer repetitions when it is to be quick."""
    here = machine.describe().sentence()
    repeat = 2 if quick else 7
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder, steps(5) as progress:
        saved = Path(folder) / "model.joblib"
        model.train(saved)
        timed = [
            _part(progress, "one more instance", lambda: _more(repeat)),
            _part(progress, "step of the load", lambda: _stepped(1 if quick else 3)),
            _part(progress, "from zero, warm", lambda: _woken(saved, repeat, spares=1)),
            _part(progress, "from zero, cold", lambda: _woken(saved, repeat, spares=0)),
            _part(progress, "at rest", lambda: _resting(saved, 3 if quick else 10)),
        ]
    verdicts = [verdict for one in timed for verdict in (*one.step.verdicts, *one.more)]
    return [
        Report(
            name="scaling",
            title="Scaling: more capacity, and none",
            machine=here,
            columns=("step", "times", "median", "worst", "target"),
            rows=tuple(one.step.row() for one in timed),
            notes=tuple(one.note for one in timed if one.note),
            verdicts=tuple(verdicts),
            figures=[{"title": one.step.title, "values": one.step.values} for one in timed],
        )
    ]


class _Timed:
    """A step with what else there is to say about it."""

    def __init__(self, step: Step, note: str = "", more: tuple[Verdict, ...] = ()) -> None:
        self.step, self.note, self.more = step, note, more


def _part(progress: Steps, title: str, run: Callable[[], _Timed]) -> _Timed:
    progress.now(title)
    try:
        done = run()
    except NOT_AVAILABLE as error:
        done = _Timed(Step(title=title, unit="s", wanted=None, reason=reason_of(error)))
    progress.done()
    return done


# -- endpoints that are scaled


class _Scaled:
    """An endpoint of one variant that is a scalable target."""

    def __init__(self, platform: Platform, name: str, archive: bytes | None, least: int) -> None:
        """Without an archive it is one more endpoint of the config that was made first."""
        self.platform, self.name = platform, name
        self._scaling = platform.client("application-autoscaling")
        self._sagemaker = platform.client("sagemaker")
        self.place = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{name}/variant/Only",
            "ScalableDimension": _DIMENSION,
        }
        if archive is not None:
            ours.make_model(platform, _CONFIG, archive)
            ours.make_config(platform, _CONFIG, _CONFIG, ours.ONE)
        ours.create_endpoint(platform, name, _CONFIG)
        self._scaling.register_scalable_target(
            **self.place, MinCapacity=least, MaxCapacity=_INSTANCES
        )

    def set(self, count: int) -> None:
        """Have that many instances; returns when there are."""
        change = {"VariantName": "Only", "DesiredInstanceCount": count}
        ours.until(lambda: self.status() == "InService", 30)
        self._sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=self.name, DesiredWeightsAndCapacities=[change]
        )
        ours.until(lambda: self.status() == "InService" and self.alive() == count, 60)

    def alive(self) -> int:
        """How many instances there are, in whatever state but dead."""
        fleet = ours.fleet(self.platform, self.name)
        return sum(instance["phase"] not in _DEAD for instance in fleet)

    def status(self) -> str:
        return str(self._sagemaker.describe_endpoint(EndpointName=self.name)["EndpointStatus"])

    def put_policy(self, **policy: Any) -> str:
        """The ARN of a policy."""
        answer = self._scaling.put_scaling_policy(**self.place, PolicyName=self.name, **policy)
        return str(answer["PolicyARN"])

    def drop_policy(self) -> None:
        self._scaling.delete_scaling_policy(**self.place, PolicyName=self.name)

    def decided(self) -> list[float]:
        """When activities began, the newest first; epoch seconds."""
        found = self._scaling.describe_scaling_activities(
            ServiceNamespace="sagemaker", ResourceId=self.place["ResourceId"]
        )["ScalingActivities"]
        return [activity["StartTime"].timestamp() for activity in found]

    def ask(self, runtime: Any, body: bytes = b"[]") -> bytes:
        answer = runtime.invoke_endpoint(
            EndpointName=self.name, ContentType="application/json", Body=body
        )
        return bytes(answer["Body"].read())


def _waiting_model() -> bytes:
    return ours.packed({"code/inference.py": _WAITS.encode()})


def _spare_is_ready(platform: Platform) -> bool:
    notes = Path(platform.data_dir, "instances").glob("s-*/spare.json")
    return any(json.loads(note.read_text()).get("ready") for note in notes)


# -- (a) one more instance


def _more(repeat: int) -> _Timed:
    values = []
    with Platform(spares=1, scaling_period=1) as platform:
        scaled = _Scaled(platform, "more", _waiting_model(), least=1)
        for number in range(repeat):
            scaled.set(1)
            ours.until(lambda: _spare_is_ready(platform), 60)
            values.append(_until_a_new_one_answers(scaled, f"more-{number}"))
    step = Step(
        title="from a policy's decision to the new instance's first answer, warm",
        unit="s",
        wanted=0.5,
        values=tuple(values),
    )
    return _Timed(step, "Decision: StartTime of the scaling activity.")


def _until_a_new_one_answers(scaled: _Scaled, alarm: str) -> float:
    """Seconds from the decision of a new step policy, whose alarm is set by hand."""
    arn = scaled.put_policy(
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
            "Cooldown": 300,
        },
    )
    cloudwatch = scaled.platform.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="bench",
        MetricName="never",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[arn],
    )
    runtime = scaled.platform.client("sagemaker-runtime")
    known, before = {scaled.ask(runtime)}, len(scaled.decided())
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="bench")
    ours.until(lambda: scaled.ask(runtime) not in known, 30)
    answered = time.time()
    ours.until(lambda: len(scaled.decided()) > before, 5)
    cloudwatch.delete_alarms(AlarmNames=[alarm])
    scaled.drop_policy()
    return answered - scaled.decided()[-before - 1]


# -- (b) a step of the load


def _stepped(repeat: int) -> _Timed:
    values, failed, counts = [], 0, []
    for _ in range(repeat):
        with Platform(spares=2, scaling_period=1) as platform:
            scaled = _Scaled(platform, "stepped", _waiting_model(), least=1)
            scaled.put_policy(
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration={
                    "TargetValue": _TARGET_VALUE,
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                    },
                    "ScaleOutCooldown": 0,
                },
            )
            ours.until(lambda: _spare_is_ready(platform), 60)
            answers = stepping.run(_target(scaled), [(_BASE_RATE, 4.0), (_STEP_RATE, 15.0)])
            values.append(stepping.absorbed(answers, 4.0, _SLOW_S))
            failed += sum(answer.status != 200 for answer in answers)
            counts.append(scaled.alive())
    step = Step(
        title=f"{_BASE_RATE:g}/s to {_STEP_RATE:g}/s: until no answer is slow, --scaling-period 1",
        unit="s",
        wanted=5.0,
        values=tuple(values),
    )
    note = (
        f"An instance can do {1 / _CALL_S:g}/s and is scaled out above half of that. Slow: over "
        f"{_SLOW_S * 1e3:g} ms from the moment a request was due. Instances in the end: "
        f"{', '.join(map(str, counts))}; failed calls: {failed}."
    )
    none = Verdict(target="no call fails while the load steps", got=str(failed), passed=not failed)
    return _Timed(step, note, (none,))


def _target(scaled: _Scaled) -> Target:
    key = scaled.platform.credentials
    return Target(
        url=scaled.platform.url,
        region=scaled.platform.region,
        access_key_id=key.access_key_id,
        secret_access_key=key.secret_access_key,
        endpoint=scaled.name,
        payloads=(b"[]",),
    )


# -- (c) from zero


def _woken(saved: Path, repeat: int, *, spares: int) -> _Timed:
    values = []
    body = json.dumps([[5.1, 3.5, 1.4, 0.2]]).encode()
    with Platform(spares=spares) as platform:
        scaled = _Scaled(platform, "woken", ours.packed({"model.joblib": saved.read_bytes()}), 0)
        runtime = platform.client("sagemaker-runtime", retries={"total_max_attempts": 1})
        for _ in range(repeat):
            scaled.set(0)
            if spares:
                ours.until(lambda: _spare_is_ready(platform), 60)
            began = time.perf_counter()
            scaled.ask(runtime, body)
            values.append(time.perf_counter() - began)
    how = "with a warm worker" if spares else "without one: the framework is imported first"
    wanted = 1.5 if spares else None
    title = f"from zero to the first answer, {how}"
    return _Timed(Step(title=title, unit="s", wanted=wanted, values=tuple(values)))


# -- (d) at rest


def _resting(saved: Path, count: int) -> _Timed:
    archive = ours.packed({"model.joblib": saved.read_bytes()})
    with Platform(spares=1, spare_idle_s=1.0) as platform:
        for number in range(3):  # what control and the edges hold whatever there is
            _Scaled(platform, f"first-{number}", None if number else archive, 0).set(0)
        sagemaker = platform.client("sagemaker")
        for _ in range(
            _CALLS
        ):  # an edge lets garbage of calls pile up to a point, whatever they ask
            sagemaker.list_endpoints()
        before, _ = _held(platform)
        for number in range(count):
            _Scaled(platform, f"rest-{number}", None, 0).set(0)
        after, processes = _held(platform)
    each = max(0.0, (after - before) / count * 1024)
    step = Step(
        title="memory of one more endpoint at rest, its record included",
        unit="KiB",
        wanted=256.0,
        values=(each,),
    )
    note = (
        f"Memory: PSS of control and the edges, before and after {count} more endpoints were made, "
        "called to life and sent to rest. Processes of instances and warm workers then: "
        f"{processes}."
    )
    none = at_most("processes that an endpoint at rest keeps", 0, float(processes), "")
    return _Timed(step, note, (none,))


def _held(platform: Platform) -> tuple[float, int]:
    """MiB that control and the edges hold once instances and warm workers are gone, and how many
    processes of those stay."""
    told = platform.pids()
    base = descendants({told["supervisor"]})
    deadline = time.monotonic() + _GONE_S
    while (others := _pids_of(platform) - base) and time.monotonic() < deadline:
        time.sleep(0.5)
    time.sleep(2.0)
    return proportional_mib([told["control"], *told["edges"]]), len(others)


def _pids_of(platform: Platform) -> set[int]:
    """Every process that was started for this data folder."""
    mark = f"ARGOSY_DATA_DIR={platform.data_dir}".encode()
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
        except OSError:
            continue
    if not found:
        raise Unavailable("the platform's processes cannot be seen")
    return found
