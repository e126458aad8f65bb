"""How many warm workers a platform keeps beyond `settings.spares`: as many as the next scale-out
may take, where scaling is to react within seconds. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from argosy.control import launching
from argosy.state.endpoints import EndpointDocument, variant_config
from argosy.state.records import Record
from argosy.state.scaling import TRACKING, component_resource, variant_resource

MOST_MORE = 2
"""Beyond `settings.spares`: the memory of a warm worker is that of its framework."""
QUICK_S = 10.0
"""Scaling periods below this are for people who want it to react within seconds."""

Resource = tuple[str, str, str]
"""Account, region and ResourceId of a scalable target."""


def limits_of(
    targets: Iterable[Record], policies: Iterable[Record], scaling_period: float
) -> dict[Resource, int]:
    """MaxCapacity of the targets that a policy may scale out at any moment."""
    if scaling_period >= QUICK_S:
        return {}
    tracked = {
        (one.account, one.region, one.document["resource_id"])
        for one in policies
        if one.document["type"] == TRACKING
    }
    keys = {(one.account, one.region, one.name): one.document["most"] for one in targets}
    return {key: most for key, most in keys.items() if key in tracked}


def more_spares(records: Iterable[Record], limits: Mapping[Resource, int]) -> Counter[str]:
    """Runtime → warm workers beyond the usual ones; `records` are endpoints and components."""
    more: Counter[str] = Counter()
    for record in records if limits else ():
        for model, room in _room(record, limits):
            runtime = launching.runtime_of(model)
            more[runtime] = max(more[runtime], min(MOST_MORE, room - 1))
    return more


def _room(record: Record, limits: Mapping[Resource, int]) -> Iterator[tuple[dict[str, Any], int]]:
    """The models that are served, and how many instances more there may be of each."""
    document: EndpointDocument = record.document  # type: ignore[assignment]
    live = document["live"]
    for variant in live["variants"] if live else ():
        resource = (
            component_resource(record.name)
            if "component_of" in document
            else variant_resource(record.name, variant["name"])
        )
        most = limits.get((record.account, record.region, resource), 0)
        name = variant_config(live, variant["name"]).get("ModelName") if live else None
        if live and name and variant["count"] and most > variant["count"]:
            yield live["models"][name], most - variant["count"]
