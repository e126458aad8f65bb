"""The report behind `argosy status`: endpoints, variants and their fleets, as they are now."""

from collections.abc import Callable
from typing import Any

from argosy.control.fleet import fleet_of
from argosy.control.reconciler import COMPONENT, ENDPOINT, place_of
from argosy.control.traffic import Traffic
from argosy.ground.instances import Instance, Phase
from argosy.ground.routes import endpoint_key
from argosy.state.endpoints import Deployment, VariantIntent, hosts_components
from argosy.state.records import Record, Records


def report(
    records: Records,
    instances: list[Instance],
    traffic: Traffic,
    now: float,
    queued: Callable[[str], dict[str, Any] | None] = lambda key: None,
    updating: Callable[[Record], dict[str, Any] | None] = lambda record: None,
) -> list[dict[str, Any]]:
    """One entry per endpoint, JSON-ready. Times in seconds, latencies in milliseconds.

    queued: of an asynchronous endpoint, by its key, what is measured of it; shown as "async".
    updating: where its update is, if there is one; shown as "deployment" with the new fleet.
    """
    found = records.find(ENDPOINT)
    components: dict[str, list[Record]] = {}
    for record in records.find(COMPONENT):
        components.setdefault(_key(record), []).append(record)
    traffic.forget(map(_key, found))
    shown = []
    for record in found:
        entry = _endpoint(record, components.get(_key(record), []), instances, traffic, now)
        measured, update = queued(_key(record)), updating(record)
        if measured is not None:
            entry["async"] = measured
        if update is not None:
            entry["deployment"] = {**update, "variants": _coming(record, instances)}
        shown.append(entry)
    return shown


def _key(record: Record) -> str:
    """The key of an endpoint, or of a component's endpoint."""
    return endpoint_key(record.account, record.region, place_of(record).endpoint)


def _endpoint(
    record: Record,
    components: list[Record],
    instances: list[Instance],
    traffic: Traffic,
    now: float,
) -> dict[str, Any]:
    document = record.document
    shown = document["live"] or document["pending"]
    return {
        "name": document["name"],
        "account": record.account,
        "region": record.region,
        "status": record.status,
        "config": shown["config_name"] if shown else "",
        "failure_reason": document["failure_reason"],
        "variants": [
            _variant(record, shown, intent, instances, traffic, now) for intent in shown["variants"]
        ]
        if shown and not hosts_components(shown)
        else [_component(one, instances, traffic, now) for one in components],
    }


def _coming(record: Record, instances: list[Instance]) -> list[dict[str, Any]]:
    """The variants that an update brings up. What they do is told with the update itself."""
    pending: Deployment = record.document["pending"]
    return [
        {
            "name": intent["name"],
            "instances": len(fleet_of(pending, intent["name"], instances).serving),
            "desired_instances": intent["count"],
        }
        for intent in pending["variants"]
    ]


def _component(
    record: Record, instances: list[Instance], traffic: Traffic, now: float
) -> dict[str, Any]:
    """An inference component, shown as a variant of its name, with its own status."""
    shown = record.document["live"] or record.document["pending"]
    found = _variant(record, shown, shown["variants"][0], instances, traffic, now)
    return {
        **found,
        "name": record.name,
        "component": True,
        "status": record.status,
        "failure_reason": record.document["failure_reason"],
    }


def _variant(
    record: Record,
    deployment: Deployment,
    intent: VariantIntent,
    instances: list[Instance],
    traffic: Traffic,
    now: float,
) -> dict[str, Any]:
    name = record.name if record.kind == COMPONENT else intent["name"]
    fleet = fleet_of(deployment, intent["name"], instances)
    return {
        "name": intent["name"],
        **({"shadow": True} if intent.get("shadow") else {}),
        "weight": intent["current_weight"],
        "desired_weight": intent["weight"],
        "instances": len(fleet.serving),
        "desired_instances": intent["count"],
        **vars(traffic.of(_key(record), name)),
        "fleet": [_instance(i, now) for i in fleet.members],
    }


def _instance(instance: Instance, now: float) -> dict[str, Any]:
    state = instance.state
    since = state.in_service_since
    return {
        "id": instance.spec.instance_id,
        "zone": instance.spec.zone,
        "phase": str(state.phase),
        "reason": state.reason,
        "agent_pid": state.agent_pid,
        "worker_pid": state.worker_pid,
        "uptime_s": round(now - since, 1) if since and state.phase is Phase.IN_SERVICE else 0.0,
    }
