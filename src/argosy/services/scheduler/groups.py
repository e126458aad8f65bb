"""Groups of schedules. The group "default" is always there."""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.eventbridge.paging import page
from argosy.services.registry import Call, operation
from argosy.services.scheduler.errors import ConflictException, ResourceNotFoundException
from argosy.state.event_timers import Timers
from argosy.state.record import Record
from argosy.state.schedules import DEFAULT_GROUP, GROUP, SCHEDULE, group_arn, schedule_arn


@operation("scheduler", "CreateScheduleGroup")
def create_schedule_group(call: Call) -> dict[str, Any]:
    name, token = call.input["Name"], call.input.get("ClientToken")
    found = find_group(call, name)
    if name == DEFAULT_GROUP or (found and (not token or found.document["token"] != token)):
        raise ConflictException(f"Schedule group {name} already exists.")
    if found is None:
        tags = {tag["Key"]: tag["Value"] for tag in call.input.get("Tags") or []}
        document = {"tags": tags, "token": token or ""}
        place = call.caller.account, call.caller.region
        call.records.create(GROUP, *place, name, document, now=call.clock.now())
    return {"ScheduleGroupArn": _arn(call, name)}


@operation("scheduler", "GetScheduleGroup")
def get_schedule_group(call: Call) -> dict[str, Any]:
    check_group(call, call.input["Name"])
    return _view(call, call.input["Name"])


@operation("scheduler", "ListScheduleGroups")
def list_schedule_groups(call: Call) -> dict[str, Any]:
    found = call.records.find(GROUP, call.caller.account, call.caller.region)
    names = {DEFAULT_GROUP, *(record.name for record in found)}
    prefix = call.input.get("NamePrefix") or ""
    keyed = [(name, name) for name in names if name.startswith(prefix)]
    shown = page(call.input, "ScheduleGroups", keyed, lambda one: _view(call, one), "MaxResults")
    return shown


@operation("scheduler", "DeleteScheduleGroup")
def delete_schedule_group(call: Call) -> dict[str, Any]:
    """With its schedules."""
    name, place = call.input["Name"], (call.caller.account, call.caller.region)
    check_group(call, name)
    if name == DEFAULT_GROUP:
        raise ValidationException("The default schedule group cannot be deleted.")
    with call.records.transaction():
        for schedule in call.records.find(SCHEDULE, *place, prefix=f"{name}/"):
            Timers(call.records.transactions).delete(schedule_arn(schedule))
            call.records.delete(SCHEDULE, *place, schedule.name)
        call.records.delete(GROUP, *place, name)
    return {}


@operation("scheduler", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    record = _tagged(call)
    tags = {tag["Key"]: tag["Value"] for tag in call.input["Tags"]}
    _retag(call, record, {**record.document["tags"], **tags})
    return {}


@operation("scheduler", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    record, gone = _tagged(call), set(call.input["TagKeys"])
    kept = record.document["tags"].items()
    _retag(call, record, {key: value for key, value in kept if key not in gone})
    return {}


@operation("scheduler", "ListTagsForResource")
def list_tags_for_resource(call: Call) -> dict[str, Any]:
    kept = _tagged(call).document["tags"]
    return {"Tags": [{"Key": key, "Value": value} for key, value in kept.items()]}


def find_group(call: Call, name: str) -> Record | None:
    return call.records.get(GROUP, call.caller.account, call.caller.region, name)


def check_group(call: Call, name: str) -> None:
    """Raises ResourceNotFoundException."""
    if name != DEFAULT_GROUP and find_group(call, name) is None:
        raise ResourceNotFoundException(f"Schedule group {name} does not exist.")


def _tagged(call: Call) -> Record:
    name = call.input["ResourceArn"].partition(":schedule-group/")[2]
    record = find_group(call, name)
    if record is None:
        raise ResourceNotFoundException(f"Schedule group {name} does not exist.")
    return record


def _retag(call: Call, record: Record, tags: dict[str, str]) -> None:
    document = {**record.document, "tags": tags}
    call.records.update(record, now=call.clock.now(), document=document, touch=False)


def _arn(call: Call, name: str) -> str:
    return group_arn(call.caller.region, call.caller.account, name)


def _view(call: Call, name: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"Arn": _arn(call, name), "Name": name, "State": "ACTIVE"}
    record = find_group(call, name)
    if record is None:
        return shown
    return {**shown, "CreationDate": record.created, "LastModificationDate": record.modified}
