"""What a load test scales: a variant or a component, and the policy that follows from it."""

from dataclasses import dataclass
from typing import Any

from argosy.cli.session import Session
from argosy.ground.errors import ArgosyError

_POLICY = "SageMakerEndpointInvocationScalingPolicy"


@dataclass(frozen=True)
class Resource:
    """A variant of an endpoint, or an inference component, and how many instances it has."""

    endpoint: str
    variant: str
    """"" for all variants together: nothing to scale by."""
    component: str
    instances: int

    @property
    def id(self) -> str:
        if self.component:
            return f"inference-component/{self.component}"
        return f"endpoint/{self.endpoint}/variant/{self.variant}"

    @property
    def dimension(self) -> str:
        if self.component:
            return "sagemaker:inference-component:DesiredCopyCount"
        return "sagemaker:variant:DesiredInstanceCount"

    @property
    def metric(self) -> str:
        """The predefined metric that the formula gives a target for."""
        if self.component:
            return "SageMakerInferenceComponentInvocationsPerCopy"
        return "SageMakerVariantInvocationsPerInstance"

    @property
    def noun(self) -> str:
        return "copy" if self.component else "instance"

    def __str__(self) -> str:
        if self.component:
            return f"{self.component} on {self.endpoint}"
        return f"{self.endpoint}/{self.variant}" if self.variant else self.endpoint


def resource_of(
    here: Session, endpoint: str, variant: str, component: str, *, alone: bool
) -> Resource:
    """What is loaded; raises ArgosyError when it cannot be. `alone`: it must be one variant."""
    sagemaker = here.client("sagemaker")
    found = sagemaker.describe_endpoint(EndpointName=endpoint)
    if "AsyncInferenceConfig" in found:
        raise ArgosyError(f"Endpoint {endpoint} is asynchronous: its rate is that of its queue.")
    if component:
        told = sagemaker.describe_inference_component(InferenceComponentName=component)
        copies = int(told["RuntimeConfig"]["CurrentCopyCount"])
        return Resource(endpoint, told["VariantName"], component, copies)
    counts = {
        one["VariantName"]: int(one["CurrentInstanceCount"])
        for one in found.get("ProductionVariants", [])
    }
    return _variant(endpoint, variant, counts, alone)


def _variant(endpoint: str, variant: str, counts: dict[str, int], alone: bool) -> Resource:
    names = ", ".join(counts) or "none that serves"
    if variant and variant not in counts:
        raise ArgosyError(f"Endpoint {endpoint} has no variant {variant}; it has {names}.")
    if alone and not variant and len(counts) != 1:
        raise ArgosyError(
            f"Endpoint {endpoint} has {len(counts)} variants: name one by --target-variant "
            f"({names}), for each has instances and a highest rate of its own."
        )
    if not variant and len(counts) != 1:
        return Resource(endpoint, "", "", sum(counts.values()))
    name = variant or next(iter(counts))
    return Resource(endpoint, name, "", counts[name])


def apply(
    here: Session, resource: Resource, target: float, least: int, most: int | None
) -> dict[str, Any]:
    """Register the scalable target and its target-tracking policy; returns what was registered."""
    if target <= 0:
        raise ArgosyError("No rate kept the goal, so no policy follows from it.")
    capacity = most or max(2, resource.instances * 2)
    place = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": resource.id,
        "ScalableDimension": resource.dimension,
    }
    configuration = {
        "TargetValue": target,
        "PredefinedMetricSpecification": {"PredefinedMetricType": resource.metric},
    }
    scaling = here.client("application-autoscaling")
    scaling.register_scalable_target(**place, MinCapacity=least, MaxCapacity=capacity)
    answer = scaling.put_scaling_policy(
        **place,
        PolicyName=_POLICY,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )
    return {
        **place,
        "MinCapacity": least,
        "MaxCapacity": capacity,
        "PolicyName": _POLICY,
        "PolicyARN": answer["PolicyARN"],
        "TargetTrackingScalingPolicyConfiguration": configuration,
    }
