"""The words of scaling activities. Pure."""

from argosy.control.scaling import deciding
from argosy.state.scaling import COPIES

TRIED = "Attempting to scale due to alarm triggered"


def what(dimension: str) -> str:
    return "desired copy count" if dimension == COPIES else "desired instance count"


def setting(dimension: str, count: int) -> str:
    return f"Setting {what(dimension)} to {count}."


def waiting(dimension: str, count: int) -> str:
    return (
        f"Successfully set {what(dimension)} to {count}. "
        "Waiting for change to be fulfilled by sagemaker."
    )


def fulfilled(dimension: str, count: int) -> str:
    return (
        f"Successfully set {what(dimension)} to {count}. "
        "Change successfully fulfilled by sagemaker."
    )


def failed(dimension: str, count: int, reason: str) -> str:
    return f"Failed to set {what(dimension)} to {count}. Reason: {reason}"


def setting_range(least: int, most: int) -> str:
    return f"Setting min capacity to {least} and max capacity to {most}"


def not_scaled(code: str, least: int, most: int, current: int) -> dict[str, str | int]:
    """A NotScaledReason; it holds the bound that it is about."""
    reason: dict[str, str | int] = {"Code": code}
    if code == deciding.AT_MOST:
        reason["MaxCapacity"] = most
    if code == deciding.AT_LEAST:
        reason["MinCapacity"] = least
    return {**reason, "CurrentCapacity": current}
