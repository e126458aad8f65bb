"""DeploymentConfig: how an update moves traffic, checked, and as the steps that control takes.

Rules: DeploymentConfig in the API reference, reference/endpoints.md §4. Refused here is what they
forbid; whether the steps can be carried out is seen when they are.
"""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call
from argosy.state.alarms import states_of
from argosy.state.endpoints import Deployment, hosts_components
from argosy.state.rollouts import TERMINATION_WAIT, WAIT_INTERVAL, Rollout, Step, new_rollout

_BLUE_GREEN, _ROLLING = "BlueGreenUpdatePolicy", "RollingUpdatePolicy"
_SIZES = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}
_BOUNDS = {
    "CanarySize": (0, 50),
    "LinearStepSize": (10, 50),
    "MaximumBatchSize": (5, 50),
    "RollbackMaximumBatchSize": (0, 100),
}
"""Percent of a variant's instances, at least and at most."""


def rollout_of(call: Call, config: dict[str, Any] | None, pending: Deployment) -> Rollout | None:
    """The steps of an update to `pending`; None where it has none: all traffic moves at once, also
    where no instance is wanted now that traffic could move to.

    Raises ValidationException for a configuration that breaks a rule, and for missing alarms.
    """
    if not config:
        return None
    if config.get(_BLUE_GREEN) and config.get(_ROLLING):
        raise ValidationException(
            f"DeploymentConfig: give at most one of {_BLUE_GREEN} and {_ROLLING}."
        )
    if hosts_components(pending):
        raise ValidationException(
            "DeploymentConfig: an endpoint of inference components has no instances to shift "
            "traffic to; update its components."
        )
    alarms = _alarms(call, config.get("AutoRollbackConfiguration") or {})
    counts = [variant["count"] for variant in pending["variants"]]
    now = call.clock.now()
    rolling = config.get(_ROLLING)
    if rolling:
        rollout = _rolled(rolling, counts, alarms, now)
    else:
        rollout = _shifted(config.get(_BLUE_GREEN) or {}, counts, alarms, now)
    _check_time(rollout)
    return rollout if any(counts) else None


def _shifted(policy: dict[str, Any], counts: list[int], alarms: list[str], now: float) -> Rollout:
    """Blue/green: both fleets are whole, and traffic moves."""
    routing = policy.get("TrafficRoutingConfiguration") or {}
    kind = routing.get("Type", "ALL_AT_ONCE")
    place = f"{_BLUE_GREEN}.TrafficRoutingConfiguration"
    for owner, member in _SIZES.items():
        _check_presence(place, member, given=bool(routing.get(member)), kind=kind, owner=owner)
    shares: list[float] = []
    if kind in _SIZES:
        share = _share(f"{place}.{_SIZES[kind]}", routing[_SIZES[kind]], counts)
        shares = _up_to_all(share) if kind == "LINEAR" else [share]
    wait = float(routing.get(WAIT_INTERVAL, 0))
    last: Step = {
        "share": 1.0,
        "wait": float(policy.get(TERMINATION_WAIT) or 0),
        "waits": TERMINATION_WAIT,
    }
    steps = [*_steps(shares, wait), last]
    timeout = policy.get("MaximumExecutionTimeoutInSeconds")
    return new_rollout(steps, now, alarms=alarms, timeout=timeout)


def _rolled(policy: dict[str, Any], counts: list[int], alarms: list[str], now: float) -> Rollout:
    """Rolling: instances take each other's places, batch by batch."""
    share = _share(f"{_ROLLING}.MaximumBatchSize", policy["MaximumBatchSize"], counts)
    back = policy.get("RollbackMaximumBatchSize")
    return new_rollout(
        _steps([*_up_to_all(share), 1.0], float(policy[WAIT_INTERVAL])),
        now,
        rolling=True,
        alarms=alarms,
        timeout=policy.get("MaximumExecutionTimeoutInSeconds"),
        return_batch=_share(f"{_ROLLING}.RollbackMaximumBatchSize", back, counts) if back else 1.0,
    )


def _up_to_all(share: float) -> list[float]:
    """Multiples of a share that are less than all."""
    return [number * share for number in range(1, 100) if number * share < 1 - 1e-9]


def _steps(shares: list[float], wait: float) -> list[Step]:
    return [{"share": share, "wait": wait, "waits": WAIT_INTERVAL} for share in shares]


def _check_presence(place: str, member: str, *, given: bool, kind: str, owner: str) -> None:
    if given and kind != owner:
        raise ValidationException(f"DeploymentConfig.{place}: {member} is for Type {owner} only.")
    if not given and kind == owner:
        raise ValidationException(f"DeploymentConfig.{place}: Type {owner} needs {member}.")


def _share(place: str, size: dict[str, Any], counts: list[int]) -> float:
    """A CapacitySize as a share of the fleet; raises ValidationException out of its bounds.

    A number of instances is bounded by each variant, and is a share of the largest one.
    """
    value = size["Value"]
    if size["Type"] == "CAPACITY_PERCENT":
        percents = [float(value)]
    else:
        percents = [100.0 * value / count for count in counts if count] or [50.0]
    least, most = _BOUNDS[place.rpartition(".")[2]]
    if min(percents) < least or max(percents) > most:
        raise ValidationException(
            f"DeploymentConfig.{place}: {value} is not within {least or 'more than 0'} to {most} "
            f"percent of a variant's instances ({', '.join(map(str, counts))})."
        )
    return min(percents) / 100.0


def _check_time(rollout: Rollout) -> None:
    timeout, waits = rollout["timeout"], sum(step["wait"] for step in rollout["steps"])
    if timeout is not None and timeout <= waits:
        raise ValidationException(
            f"DeploymentConfig: MaximumExecutionTimeoutInSeconds ({timeout:g}) must be more than "
            f"all waits together ({waits:g} seconds)."
        )


def _alarms(call: Call, config: dict[str, Any]) -> list[str]:
    """The names of the alarms; raises ValidationException for those that are not there."""
    place = "DeploymentConfig.AutoRollbackConfiguration.Alarms"
    names = [alarm.get("AlarmName") or "" for alarm in config.get("Alarms") or ()]
    if not all(names):
        raise ValidationException(f"{place}: every alarm needs its AlarmName.")
    if len(set(names)) < len(names):
        raise ValidationException(f"{place} names an alarm twice.")
    found = states_of(call.records, call.caller.account, call.caller.region, names)
    missing = [name for name in names if name not in found]
    if missing:
        raise ValidationException(f"{place}: there is no alarm {', '.join(missing)}.")
    return names
