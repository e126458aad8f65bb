"""The report behind `argosy status`: endpoints, variants and their fleets, as they are now."""

from typing import Any

from argosy.control.fleet import fleet_of
from argosy.control.reconciler import ENDPOINT
from argosy.control.traffic import Traffic
from argosy.ground.instances import Instance, Phase
from argosy.ground.routes import endpoint_key
from argosy.state.endpoints import Deployment, VariantIntent
from argosy.state.records import Record, Records


def report(
    records: Records, instances: list[Instance], traffic: Traffic, now: float
) -> list[dict[str, Any]]:
    """One entry per endpoint, JSON-ready. Times in seconds, latencies in milliseconds."""
    found = records.find(ENDPOINT)
    traffic.forget(endpoint_key(r.account, r.region, r.document["name"]) for r in found)
    return [_endpoint(record, instances, traffic, now) for record in found]


def _endpoint(
    record: Record, instances: list[Instance], traffic: Traffic, now: float
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
        if shown
        else [],
    }


def _variant(
    record: Record,
    deployment: Deployment,
    intent: VariantIntent,
    instances: list[Instance],
    traffic: Traffic,
    now: float,
) -> dict[str, Any]:
    key = endpoint_key(record.account, record.region, record.document["name"])
    fleet = fleet_of(deployment, intent["name"], instances)
    return {
        "name": intent["name"],
        "weight": intent["current_weight"],
        "desired_weight": intent["weight"],
        "instances": len(fleet.serving),
        "desired_instances": intent["count"],
        **vars(traffic.of(key, intent["name"])),
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
