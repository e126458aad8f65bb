"""Reads log groups for the operations of CloudWatch Logs, and translates what is missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from argosy.ground.errors import InvalidParameterException, ResourceNotFoundException
from argosy.ground.paths import DataDir
from argosy.services.registry import Call
from argosy.telemetry.logs import Event, LogGroupMissing, LogReader, LogStreamMissing, Stream


def reader_of(call: Call) -> LogReader:
    folder = DataDir.at(call.settings.data_dir).logs
    return LogReader(folder, call.caller.account, call.caller.region)


def group_of(asked: dict[str, Any]) -> str:
    """The group's name, given as such or as name or ARN in logGroupIdentifier."""
    name, identifier = asked.get("logGroupName"), asked.get("logGroupIdentifier")
    if bool(name) == bool(identifier):
        raise InvalidParameterException("Give one of logGroupName and logGroupIdentifier.")
    return str(name or str(identifier).rpartition(":log-group:")[2].removesuffix(":*"))


def streams_of(call: Call, group: str, prefix: str = "") -> list[Stream]:
    with _missing_translated():
        return reader_of(call).streams(group, prefix)


def read_stream(
    call: Call, group: str, stream: str, position: int | None, **bounds: Any
) -> tuple[list[Event], int, int]:
    """As `LogReader.read`; raises ResourceNotFoundException."""
    with _missing_translated():
        return reader_of(call).read(group, stream, position, **bounds)


@contextmanager
def _missing_translated() -> Iterator[None]:
    try:
        yield
    except LogGroupMissing:
        raise ResourceNotFoundException("The specified log group does not exist.") from None
    except LogStreamMissing:
        raise ResourceNotFoundException("The specified log stream does not exist.") from None
