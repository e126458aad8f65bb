"""What the desk has to know of an asynchronous endpoint, from how it shall be routed. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from argosy.control.rollout.sharing import Shared, active, fleets_of
from argosy.control.routes import Routed
from argosy.ground.routes import SERVING_STATUSES
from argosy.state.endpoints import is_async

SUCCESS, ERROR = "SUCCESS_NOTIFICATION_TOPIC", "ERROR_NOTIFICATION_TOPIC"


@dataclass(frozen=True)
class QueuePlan:
    """One endpoint that is in service: who serves its requests, and who hears of them."""

    queue: str
    key: str
    account: str
    region: str
    endpoint: str
    accepts: bool
    """Its status lets requests in."""
    weights: dict[str, float]
    """Variant → its weight."""
    instances: dict[str, str]
    """Instance in service → its variant."""
    topics: dict[bool, str]
    """Whether a request succeeded → ARN of the topic that hears of it."""
    includes: frozenset[bool]
    """Whether a request succeeded, where the notice holds the response."""


def plans_of(routed: Iterable[Routed]) -> list[QueuePlan]:
    """The plans of all asynchronous endpoints that ever were in service."""
    return [plan for one in routed if (plan := _plan(one)) is not None]


def _plan(routed: Routed) -> QueuePlan | None:
    live = routed.document["live"]
    if live is None or "component_of" in routed.document or not is_async(live):
        return None
    output = live["config"]["AsyncInferenceConfig"]["OutputConfig"]
    notification = output.get("NotificationConfig") or {}
    topics = {True: notification.get("SuccessTopic"), False: notification.get("ErrorTopic")}
    included = notification.get("IncludeInferenceResponseIn") or ()
    fleets = fleets_of(routed.document, routed.serving)
    return QueuePlan(
        queue=routed.queue,
        key=routed.key,
        account=routed.account,
        region=routed.region,
        endpoint=routed.document["name"],
        accepts=routed.status in SERVING_STATUSES,
        weights=_weights(fleets),
        instances={
            instance.spec.instance_id: instance.spec.variant
            for fleet in fleets
            for instance in active(fleet)
        },
        topics={good: topic for good, topic in topics.items() if topic},
        includes=frozenset(
            good for good, name in ((True, SUCCESS), (False, ERROR)) if name in included
        ),
    )


def _weights(fleets: list[Shared]) -> dict[str, float]:
    """Of the variants of all fleets; those of one name are one, for instances pull their work."""
    weights: dict[str, float] = {}
    for fleet in fleets:
        for variant in fleet.deployment["variants"]:
            name = variant["name"]
            weights[name] = weights.get(name, 0.0) + fleet.weight_of(variant)
    return weights
