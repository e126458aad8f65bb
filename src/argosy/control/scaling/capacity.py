"""How many instances or copies a scalable target has, and asking for another number of them.

What is written here is what UpdateEndpointWeightsAndCapacities and
UpdateInferenceComponentRuntimeConfig write; the endpoints' reconciler brings it about.
"""

from dataclasses import dataclass
from typing import Any

from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment, VariantIntent
from argosy.state.records import Record, Records
from argosy.state.rescaling import rescale_component

ENDPOINT = "endpoint"
COMPONENT = "inference-component"


@dataclass(frozen=True)
class Capacity:
    """What a target has, if its endpoint or component is there."""

    record: Record
    variant: str
    """Name of the variant; of a component, of its only one."""
    count: int
    """As asked for."""
    reached: int
    busy: str
    """Why it cannot be changed now, "" if it can."""


def capacity_of(records: Records, account: str, region: str, resource_id: str) -> Capacity | None:
    """The capacity of a resource; None when that does not exist, or never served."""
    kind, name, variant = _place(resource_id)
    record = records.get(kind, account, region, name)
    if record is None or record.document["live"] is None:
        return None
    intent = _intent(record.document["live"], variant)
    if intent is None:
        return None
    busy = "" if record.status == ep.IN_SERVICE else f"the {_NOUNS[kind]} is {record.status}"
    return Capacity(record, intent["name"], intent["count"], intent["current_count"], busy)


def ask_for(records: Records, capacity: Capacity, count: int, now: float) -> None:
    """Have another number of them; raises Stale when the resource moved on meanwhile."""
    document: dict[str, Any] = dict(capacity.record.document)
    if capacity.record.kind == COMPONENT:
        rescale_component(document, count, now)
    else:
        intent = _intent(document["live"], capacity.variant)
        assert intent is not None
        intent["count"] = count
    document["failure_reason"] = ""
    records.update(capacity.record, now=now, document=document, status=ep.UPDATING)


_NOUNS = {ENDPOINT: "endpoint", COMPONENT: "inference component"}


def _place(resource_id: str) -> tuple[str, str, str]:
    """Kind and name of the resource, and its variant's name, "" for the only one."""
    kind, name, *rest = resource_id.split("/")
    return (ENDPOINT, name, rest[1]) if rest else (kind, name, "")


def _intent(live: Deployment, variant: str) -> VariantIntent | None:
    found = (one for one in live["variants"] if variant in ("", one["name"]))
    return next(found, None)
