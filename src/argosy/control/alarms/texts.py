"""Why an alarm is in its state, in CloudWatch's words: StateReason and StateReasonData. Pure."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from argosy.control.alarms.evaluate import Dot, Verdict
from argosy.control.alarms.spec import BREACHES, AlarmSpec
from argosy.state.alarms import IN_ALARM, INSUFFICIENT

_MOST_SHOWN = 5
_LONGEST_REASON = 1023
_LONGEST_DATA = 4000

_THAN = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


def stamp(at: float) -> str:
    """A time as CloudWatch writes it in its messages."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def reason(spec: AlarmSpec, verdict: Verdict, previous: str) -> str:
    """The StateReason of going from `previous` to what the verdict says."""
    if verdict.state == INSUFFICIENT:
        unknown = spec.points - len(verdict.dots)
        return f"Insufficient Data: {_many(unknown, 'datapoint')} {_were(unknown)} unknown."
    treated = _TREATED.get(spec.missing, "")
    if not verdict.dots:
        return (
            f"Threshold Crossed: no datapoints were received for {_many(spec.points, 'period')} "
            f"and {_many(verdict.missing, 'missing datapoint')} {_were(verdict.missing)} treated "
            f"as [{treated}]."
        )
    text = f"Threshold Crossed: {_crossed(spec, verdict)}"
    if verdict.missing and treated:
        text += (
            f" and {_many(verdict.missing, 'missing datapoint')} {_were(verdict.missing)} treated "
            f"as [{treated}]"
        )
    return f"{text} ({_minimum(spec, verdict.state, previous)})."[:_LONGEST_REASON]


def reason_data(spec: AlarmSpec, verdict: Verdict, stretch: tuple[int, int], now: float) -> str:
    """The StateReasonData: JSON."""
    starts = [dot.start for dot in verdict.dots]
    document: dict[str, Any] = {
        "version": "1.0",
        "queryDate": stamp(now),
        "startDate": stamp(min(starts, default=stretch[0])),
        **({"statistic": spec.stat} if spec.stat else {}),
        **({"unit": spec.unit} if spec.unit else {}),
        "period": spec.period,
        "recentDatapoints": [dot.value for dot in reversed(verdict.dots)],
        "threshold": spec.threshold,
        "evaluatedDatapoints": [_evaluated(dot) for dot in verdict.dots],
    }
    while len(text := json.dumps(document, separators=(",", ":"))) > _LONGEST_DATA:
        shown = document["evaluatedDatapoints"]
        if len(shown) <= 1:
            document["recentDatapoints"] = document["recentDatapoints"][-_MOST_SHOWN:]
        document["evaluatedDatapoints"] = shown[: len(shown) // 2]
    return text


def _evaluated(dot: Dot) -> dict[str, Any]:
    counted = {} if dot.count is None else {"sampleCount": dot.count}
    return {"timestamp": stamp(dot.start), **counted, "value": dot.value}


def _crossed(spec: AlarmSpec, verdict: Verdict) -> str:
    """ "2 out of the last 3 datapoints [5.0 (…), …] were greater than the threshold (4.0)" """
    off = verdict.state == IN_ALARM
    compare = BREACHES[spec.comparison]
    fitting = [dot for dot in verdict.dots if compare(dot.value, spec.threshold) == off]
    number = len(fitting)
    not_ = "" if off else " not"
    return (
        f"{number} out of the last {len(verdict.dots)} datapoints [{_list(verdict.dots)}] "
        f"{_were(number)}{not_} {_THAN[spec.comparison]} the threshold ({spec.threshold})"
    )


def _list(dots: Sequence[Dot]) -> str:
    shown = [
        f"{dot.value} ({datetime.fromtimestamp(dot.start, UTC):%d/%m/%y %H:%M:%S})"
        for dot in dots[:_MOST_SHOWN]
    ]
    return ", ".join(shown)


def _minimum(spec: AlarmSpec, state: str, previous: str) -> str:
    needed = spec.enough if state == IN_ALARM else spec.points - spec.enough + 1
    return f"minimum {_many(needed, 'datapoint')} for {previous} -> {state} transition"


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def composite(children: Sequence[tuple[str, str, float]], state: str) -> tuple[str, str]:
    """StateReason and StateReasonData of a composite alarm that goes into `state`.

    children: ARN, state and time of the last transition of each alarm that its rule looks at.
    """
    if not children:
        return f"The rule is {'TRUE' if state == IN_ALARM else 'FALSE'}", ""
    arn, value, at = max(children, key=lambda child: child[2])
    moment = datetime.fromtimestamp(at, UTC)
    when = f"{moment:%A %d %B, %Y %H:%M:%S} UTC"
    triggering = {"arn": arn, "state": {"value": value, "timestamp": stamp(at)}}
    data = json.dumps({"triggeringAlarms": [triggering]}, separators=(",", ":"))
    return f"{arn} transitioned to {value} at {when}", data
