"""Writing down what control brings about: the same for an endpoint and an inference component.

To be called in a transaction. What may be asked of which one is its own module's affair.
"""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call
from argosy.services.sagemaker.tags import set_tags
from argosy.state import endpoints as ep
from argosy.state.endpoints import EndpointDocument
from argosy.state.records import Record
from argosy.state.state_changes import announce


def begin(
    call: Call, kind: str, document: EndpointDocument, tags: list[dict[str, str]] | None
) -> None:
    """Keep a new one, which is being created from now on."""
    record = call.records.create(
        kind,
        call.caller.account,
        call.caller.region,
        document["name"],
        dict(document),
        now=call.clock.now(),
        status=ep.CREATING,
    )
    set_tags(call, document["arn"], tags)
    announce(call.records, record, record.created)


def begin_updating(call: Call, record: Record, document: dict[str, Any]) -> None:
    """Keep its changed document, which is being carried out from now on."""
    document["failure_reason"] = ""
    now = call.clock.now()
    changed = call.records.update(record, now=now, document=document, status=ep.UPDATING)
    announce(call.records, changed, now, record)


def begin_deleting(call: Call, record: Record) -> None:
    """Control ends its instances and then removes the record; the tags go now."""
    now = call.clock.now()
    announce(call.records, call.records.update(record, now=now, status=ep.DELETING), now, record)
    set_tags(call, record.document["arn"], None)


def refuse_in_progress(record: Record, noun: str) -> None:
    """Raises ValidationException while it is in a transition."""
    if record.status in ep.IN_PROGRESS:
        raise ValidationException(f'Cannot update in-progress {noun} "{record.document["arn"]}".')


def refuse_mixed(record: Record, noun: str) -> None:
    """Raises ValidationException while two fleets serve that a failed rollback left."""
    if record.status == ep.UPDATE_ROLLBACK_FAILED:
        raise ValidationException(
            f'Cannot update {noun} "{record.document["arn"]}": a rollback failed and two fleets '
            "serve it. Update it to one of the two first."
        )


def with_one_fleet(document: dict[str, Any]) -> dict[str, Any]:
    """A copy to be changed; of two fleets that were left mixed, only the larger one stays."""
    changed, rollout = dict(document), document.get("rollout")
    if document["pending"] is not None and rollout and rollout["share"] > 0.5:
        changed["live"] = document["pending"]
    return changed
