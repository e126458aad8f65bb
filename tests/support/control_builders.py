"""Endpoints and instances for the tables of control's deciders."""

from argosy.ground.instances import (
    ContainerSpec,
    Instance,
    InstanceSpec,
    InstanceState,
    Phase,
    StoreAccess,
)
from argosy.state.endpoints import ComponentOf, Deployment, EndpointDocument, new_deployment

NOW = 1_700_000_000.0
REGION = "us-east-1"
STORE = StoreAccess(url="http://store", region=REGION, access_key_id="k", secret_access_key="s")


def deployment(id: str = "d-new", **counts: int) -> Deployment:
    variants = [
        {"VariantName": name, "ModelName": "m", "InitialInstanceCount": count}
        for name, count in (counts or {"A": 1}).items()
    ]
    image = {"PrimaryContainer": {"Image": "sagemaker-scikit-learn:1.2-1-cpu-py3"}}
    return new_deployment(id, f"config-{id}", {"ProductionVariants": variants}, {"m": image}, NOW)


def document(live: Deployment | None = None, pending: Deployment | None = None) -> EndpointDocument:
    return {"name": "e", "arn": "arn", "failure_reason": "", "live": live, "pending": pending}


def instance(
    phase: Phase = Phase.IN_SERVICE,
    *,
    id: str = "i-1",
    deployment: str = "d-new",
    variant: str = "A",
    zone: str = "us-east-1a",
    created: float = NOW - 1000,
    served: bool = False,
    reason: str = "",
) -> Instance:
    spec = InstanceSpec(
        instance_id=id,
        account="000000000000",
        region=REGION,
        zone=zone,
        owner="endpoint/e",
        deployment=deployment,
        variant=variant,
        containers=(ContainerSpec(name="primary", image="x", runtime="sklearn"),),
        log_group="g",
        log_stream="s",
        store=STORE,
        created=created,
    )
    since = NOW - 500 if served or phase is Phase.IN_SERVICE else 0.0
    state = InstanceState(
        phase=phase, reason=reason, addresses=(f"unix:/run/{id}",), in_service_since=since
    )
    return Instance(spec=spec, state=state)


def host() -> Deployment:
    """A deployment for inference components: its variant, A, has no model."""
    variant = {"VariantName": "A", "InitialInstanceCount": 2}
    return new_deployment("d-host", "config-host", {"ProductionVariants": [variant]}, {}, NOW)


def component(
    name: str, live: Deployment | None = None, pending: Deployment | None = None
) -> EndpointDocument:
    """An inference component of variant A of endpoint e."""
    home: ComponentOf = {"endpoint": "e", "variant": "A"}
    return {**document(live, pending), "name": name, "component_of": home}
