"""Scaling by real policies, for tests: a target, a policy, and what became of it."""

from typing import Any

from tests.support.endpoints import until

DIMENSION = "sagemaker:variant:DesiredInstanceCount"


def what(endpoint: str, variant: str = "AllTraffic") -> dict[str, str]:
    """A variant, in Application Auto Scaling's terms."""
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
        "ScalableDimension": DIMENSION,
    }


def track(platform: Any, endpoint: str, least: int, most: int, **configuration: Any) -> None:
    """A scalable target, and a policy that tracks invocations unless told otherwise."""
    scaling = platform.client("application-autoscaling")
    scaling.register_scalable_target(**what(endpoint), MinCapacity=least, MaxCapacity=most)
    if "CustomizedMetricSpecification" not in configuration:
        configuration.setdefault(
            "PredefinedMetricSpecification",
            {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
        )
    scaling.put_scaling_policy(
        **what(endpoint),
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )


def counts(platform: Any, endpoint: str) -> tuple[int, int]:
    """Instances there are and instances that are wanted, of its first variant."""
    described = platform.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    variant = described["ProductionVariants"][0]
    return variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]


def until_instances(platform: Any, endpoint: str, count: int, timeout_s: float = 90.0) -> None:
    """Return when there are that many, and no others are wanted."""
    until(lambda: counts(platform, endpoint) == (count, count), timeout_s)


def activities(platform: Any, endpoint: str, **asked: Any) -> list[dict[str, Any]]:
    """What scaling did to its variant, newest first."""
    found = platform.client("application-autoscaling").describe_scaling_activities(
        ServiceNamespace="sagemaker", ResourceId=what(endpoint)["ResourceId"], **asked
    )
    return list(found["ScalingActivities"])
