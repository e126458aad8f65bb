"""What an inference recommendations job may ask for here, and what its tests are. Pure."""

from typing import Any

from argosy.ground.errors import ValidationException

_SECONDS, _LEAST_SECONDS = 120.0, 10.0
_LABEL = "ml.m5.large"
_MOST_TESTS = 10
GOAL = "p99<100ms"


def check_request(asked: dict[str, Any]) -> None:
    """Raises ValidationException for what contradicts itself."""
    given = asked["InputConfig"]
    if bool(given.get("ModelName")) == bool(given.get("Endpoints")):
        raise ValidationException(
            "InputConfig must have a ModelName, or Endpoints: one of the two, and not both."
        )
    if given.get("Endpoints") and given.get("EndpointConfigurations"):
        raise ValidationException(
            "EndpointConfigurations are for endpoints that the job deploys; leave them out with "
            "Endpoints."
        )
    if not payload_of(asked).get("SamplePayloadUrl"):
        raise ValidationException(
            "InputConfig.ContainerConfig.PayloadConfig.SamplePayloadUrl is needed: a tar.gz with "
            "the bodies of requests."
        )


def payload_of(asked: dict[str, Any]) -> dict[str, Any]:
    """The PayloadConfig, {} without one."""
    return (asked["InputConfig"].get("ContainerConfig") or {}).get("PayloadConfig") or {}


def content_type_of(asked: dict[str, Any]) -> str:
    return str((payload_of(asked).get("SupportedContentTypes") or ["application/json"])[0])


def goal_of(asked: dict[str, Any]) -> str:
    """The latency goal; P95 and 500 of the request are p95<500ms."""
    thresholds = (asked.get("StoppingConditions") or {}).get("ModelLatencyThresholds") or [{}]
    one = thresholds[0]
    if not one:
        return GOAL
    share = str(one.get("Percentile") or "P99").lower().removeprefix("p")
    limit = one.get("ValueInMilliseconds")
    if limit is None or limit <= 0 or not share.replace(".", "", 1).isdigit():
        raise ValidationException(
            "ModelLatencyThresholds needs a Percentile like P95 and ValueInMilliseconds above 0."
        )
    return f"p{share}<{limit}ms"


def most_of(asked: dict[str, Any]) -> float | None:
    """Requests a second not to go beyond; MaxInvocations is a minute's."""
    most = (asked.get("StoppingConditions") or {}).get("MaxInvocations")
    return most / 60 if most else None


def seconds_of(asked: dict[str, Any], tests: int) -> float:
    """How long one test may search: its share of the whole job's time."""
    whole = asked["InputConfig"].get("JobDurationInSeconds")
    return max(_LEAST_SECONDS, min(_SECONDS, whole / tests if whole else _SECONDS))


def instance_types(asked: dict[str, Any]) -> list[str]:
    """The types to test, which are labels here; one where none is named."""
    given = asked["InputConfig"]
    named = [one.get("InstanceType") for one in given.get("EndpointConfigurations") or ()]
    supported = (given.get("ContainerConfig") or {}).get("SupportedInstanceTypes") or []
    types = list(dict.fromkeys(one for one in named if one)) or supported[:1] or [_LABEL]
    most = (given.get("ResourceLimit") or {}).get("MaxNumberOfTests") or _MOST_TESTS
    return types[:most]
