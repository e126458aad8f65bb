"""Reaches log groups for the operations of CloudWatch Logs, and translates what is missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from argosy.ground.errors import (
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ServiceUnavailableException,
)
from argosy.ground.paths import DataDir
from argosy.services.registry import Call
from argosy.state.log_groups import settings_of
from argosy.telemetry.logs import (
    Event,
    LogExists,
    LogGroupMissing,
    LogKeeper,
    LogReader,
    LogStreamMissing,
    NotUsers,
)

DAY_MS = 86_400_000


def reader_of(call: Call) -> LogReader:
    folder = DataDir.at(call.settings.data_dir).logs
    return LogReader(folder, call.caller.account, call.caller.region)


def keeper_of(call: Call) -> LogKeeper:
    folder = DataDir.at(call.settings.data_dir).logs
    return LogKeeper(folder, call.caller.account, call.caller.region)


def group_of(asked: dict[str, Any]) -> str:
    """The group's name, given as such or as name or ARN in logGroupIdentifier."""
    name, identifier = asked.get("logGroupName"), asked.get("logGroupIdentifier")
    if bool(name) == bool(identifier):
        raise InvalidParameterException("Give one of logGroupName and logGroupIdentifier.")
    return str(name or named_by(str(identifier)))


def named_by(identifier: str) -> str:
    """The group's name, from its name or its ARN."""
    return identifier.rpartition(":log-group:")[2].removesuffix(":*")


def existing_group(call: Call, group: str) -> str:
    """The name; raises ResourceNotFoundException."""
    with translated():
        reader_of(call).created_ms(group)
    return group


def read_stream(
    call: Call, group: str, stream: str, position: int | None, **bounds: Any
) -> tuple[list[Event], int, int]:
    """As `LogReader.read`; raises ResourceNotFoundException."""
    with translated():
        return reader_of(call).read(group, stream, position, **bounds)


def kept_since(call: Call, group: str) -> int | None:
    """Milliseconds: events before this are past the group's retention; None keeps them all."""
    days = settings_of(call.records, call.caller.account, call.caller.region, group).retention_days
    return None if days is None else int(call.clock.now() * 1000) - days * DAY_MS


def start_of(call: Call, group: str) -> int | None:
    """From when on events are shown: `startTime`, but nothing that is past its retention."""
    asked, kept = call.input.get("startTime"), kept_since(call, group)
    return asked if kept is None else max(kept, asked or 0)


@contextmanager
def translated() -> Iterator[None]:
    """Errors of `argosy.telemetry.logs` become those of CloudWatch Logs."""
    try:
        yield
    except LogGroupMissing:
        raise ResourceNotFoundException("The specified log group does not exist.") from None
    except LogStreamMissing:
        raise ResourceNotFoundException("The specified log stream does not exist.") from None
    except LogExists as error:
        raise ResourceAlreadyExistsException(f"{error} already exists.") from None
    except NotUsers as error:
        raise InvalidParameterException(
            f"The log stream {error} is written by an instance or a job of the platform; "
            "put your events into a stream that you have made with CreateLogStream."
        ) from None
    except OSError as error:
        raise ServiceUnavailableException(f"It could not be written: {error.strerror}.") from None
