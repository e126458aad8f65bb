"""Records of the caller's account and region: all that the calls of API Gateway see or change."""

from typing import Any

from argosy.services.apigateway.errors import NotFoundException
from argosy.services.registry import Call
from argosy.state.records import Record


def find(call: Call, kind: str, name: str, otherwise: str) -> Record:
    """Raises NotFoundException, saying `otherwise`."""
    record = call.records.get(kind, call.caller.account, call.caller.region, name)
    if record is None:
        raise NotFoundException(otherwise)
    return record


def find_all(call: Call, kind: str) -> list[Record]:
    return call.records.find(kind, call.caller.account, call.caller.region)


def create(call: Call, kind: str, name: str, document: dict[str, Any]) -> Record:
    """Raises AlreadyThere."""
    place = call.caller.account, call.caller.region
    return call.records.create(kind, *place, name, document, now=call.clock.now())


def save(call: Call, record: Record) -> Record:
    """Write the record with its document as that is now. Raises Stale."""
    return call.records.update(record, now=call.clock.now(), document=record.document)
