"""CloudWatch Logs: groups are made and removed, and what is set for them."""

from dataclasses import replace
from typing import Any

from argosy.ground.errors import InvalidParameterException
from argosy.services.log_reading import existing_group, keeper_of, translated
from argosy.services.log_tags import check_tags
from argosy.services.registry import Call, operation
from argosy.state.log_groups import GroupSettings, forget_group, set_settings, settings_of

RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip
"""What PutRetentionPolicy takes (CloudWatch Logs API reference)."""


@operation("logs", "CreateLogGroup")
def create_log_group(call: Call) -> dict[str, Any]:
    group, tags = call.input["logGroupName"], call.input.get("tags") or {}
    _refuse_what_is_not_done(call.input)
    check_tags(tags)
    with translated():
        keeper_of(call).create_group(group)
    _set(call, group, GroupSettings(tags=tags))
    return {}


@operation("logs", "DeleteLogGroup")
def delete_log_group(call: Call) -> dict[str, Any]:
    """The group with its streams, metric filters, tags and retention."""
    group = existing_group(call, call.input["logGroupName"])
    forget_group(call.records, call.caller.account, call.caller.region, group)
    with translated():
        keeper_of(call).delete_group(group)
    return {}


@operation("logs", "PutRetentionPolicy")
def put_retention_policy(call: Call) -> dict[str, Any]:
    days = call.input["retentionInDays"]
    if days not in RETENTION_DAYS:
        allowed = ", ".join(map(str, RETENTION_DAYS))
        raise InvalidParameterException(f"retentionInDays is {days}; it is one of {allowed}.")
    return _retain(call, days)


@operation("logs", "DeleteRetentionPolicy")
def delete_retention_policy(call: Call) -> dict[str, Any]:
    return _retain(call, None)


def _retain(call: Call, days: int | None) -> dict[str, Any]:
    group = existing_group(call, call.input["logGroupName"])
    found = settings_of(call.records, call.caller.account, call.caller.region, group)
    _set(call, group, replace(found, retention_days=days))
    return {}


def _set(call: Call, group: str, settings: GroupSettings) -> None:
    place = call.caller.account, call.caller.region
    set_settings(call.records, *place, group, settings, call.clock.now())


def _refuse_what_is_not_done(asked: dict[str, Any]) -> None:
    if asked.get("kmsKeyId"):
        raise InvalidParameterException(
            "Argosy does not encrypt logs with keys of KMS; leave kmsKeyId out, and encrypt the "
            "disk that holds the data folder."
        )
    if (asked.get("logGroupClass") or "STANDARD") != "STANDARD":
        raise InvalidParameterException("Argosy has log groups of the class STANDARD only.")
    if asked.get("deletionProtectionEnabled"):
        raise InvalidParameterException("Argosy does not protect log groups from deletion.")
