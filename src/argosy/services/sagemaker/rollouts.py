"""`argosy rollout`: an update whose steps and guards are the user's own, and turning one back.

It is UpdateEndpoint with other steps; control carries it out in the same way, whether the command
that asked for it still runs or not.
"""

from itertools import pairwise
from typing import Any

from argosy.ground import guards
from argosy.ground.errors import ArgosyError, ValidationException
from argosy.services.registry import Call
from argosy.services.sagemaker.endpoints import begin_update
from argosy.services.sagemaker.finding import ENDPOINT, find
from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment, hosts_components
from argosy.state.rollouts import Rollout, Step, new_rollout

LONGEST_STEP_S = 7 * 86_400.0
MOST_STEPS = 100


def roll_out(
    call: Call, name: str, config: str, percents: list[float], every_s: float, guarded: str
) -> str:
    """Begin to move an endpoint to another config, by steps; returns the endpoint's ARN.

    `percents`: of the traffic, rising up to 100; counts and weights of variants that stay are kept.
    Raises ValidationException.
    """
    _check_steps(percents, every_s)
    _check_guards(guarded)
    record = find(call, ENDPOINT, name)
    live = record.document["live"]
    if live and live["config_name"] == config and record.status == ep.IN_SERVICE:
        raise ValidationException(f"Endpoint {name} serves {config} already.")

    def steps(document: dict[str, Any], pending: Deployment) -> Rollout | None:
        if hosts_components(pending):
            raise ValidationException(
                f"Endpoint {name} hosts inference components: update those, one by one."
            )
        if not any(variant["count"] for variant in pending["variants"]):
            return None  # nobody is there who could be watched
        made = new_rollout(
            _steps(percents, every_s), call.clock.now(), guards=[guarded] if guarded else []
        )
        return {**made, "by_hand": True}

    asked = {
        "EndpointName": name,
        "EndpointConfigName": config,
        "RetainAllVariantProperties": True,
        # What is captured is no property of the load: the new configuration says it.
        "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DataCaptureConfig"}],
    }
    return begin_update(call, asked, steps)


def roll_back(call: Call, name: str, reason: str) -> str:
    """Have an update that moves by steps turn back; returns the config that stays.

    Raises ValidationException when there is none under way.
    """
    with call.records.transaction():
        record = find(call, ENDPOINT, name)
        document = dict(record.document)
        rollout = document.get("rollout")
        if rollout is None or record.status != ep.UPDATING:
            raise ValidationException(f"No update of endpoint {name} moves by steps now.")
        document["rollout"] = {**rollout, "stop_reason": reason}
        call.records.update(record, now=call.clock.now(), document=document, touch=False)
    return str(document["live"]["config_name"])


def _check_steps(percents: list[float], every_s: float) -> None:
    rising = all(one < other for one, other in pairwise([0.0, *percents]))
    if not percents or not rising or percents[-1] != 100 or len(percents) > MOST_STEPS:
        raise ValidationException(
            "Steps are percents of the traffic that rise up to 100, like 5,25,50,100."
        )
    if not 0 <= every_s <= LONGEST_STEP_S:
        raise ValidationException("A step lasts from 0 seconds to 7 days.")


def _check_guards(text: str) -> None:
    try:
        guards.parse(text)
    except ArgosyError as error:
        raise ValidationException(str(error)) from None


def _steps(percents: list[float], every_s: float) -> list[Step]:
    return [{"share": one / 100.0, "wait": every_s, "waits": "--every"} for one in percents]
