"""SQS: queues. Their messages are in `sqs_messages`, `sqs_batches` and `sqs_moves`.

Whoever can sign may do everything with a queue: policies are kept and given back, not checked.
"""

import base64
import binascii
import json
from typing import Any

from argosy.ground.errors import InvalidParameterValue
from argosy.ground.names import iam_arn
from argosy.messaging.queue import Queue
from argosy.messaging.queue_errors import OverLimit
from argosy.services.registry import Call, operation
from argosy.services.sqs_finding import number, queue_of, url_of

_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_MOST_LISTED = 1000
_MOST_TAGS = 50
_MOST_ACTIONS = 7


@operation("sqs", "CreateQueue")
def create_queue(call: Call) -> dict[str, Any]:
    asked, tags = call.input.get("Attributes") or {}, call.input.get("tags") or {}
    _check_tags(tags)
    queue = call.messaging.queues.create(
        call.caller.account, call.caller.region, call.input["QueueName"], asked, tags
    )
    return {"QueueUrl": url_of(call, queue)}


@operation("sqs", "GetQueueUrl")
def get_queue_url(call: Call) -> dict[str, Any]:
    account = call.input.get("QueueOwnerAWSAccountId") or call.caller.account
    queue = call.messaging.queues.get(account, call.caller.region, call.input["QueueName"])
    return {"QueueUrl": url_of(call, queue)}


@operation("sqs", "ListQueues")
def list_queues(call: Call) -> dict[str, Any]:
    prefix = call.input.get("QueueNamePrefix") or ""
    found = call.messaging.queues.of_account(call.caller.account, call.caller.region, prefix)
    return _page(call, "QueueUrls", found)


@operation("sqs", "ListDeadLetterSourceQueues")
def list_dead_letter_source_queues(call: Call) -> dict[str, Any]:
    return _page(call, "queueUrls", call.messaging.queues.sources_of(queue_of(call)))


@operation("sqs", "DeleteQueue")
def delete_queue(call: Call) -> dict[str, Any]:
    """At once, with its messages; the name can be used again."""
    queue = queue_of(call)
    call.messaging.waiting.mark(queue.id)
    call.messaging.queues.delete(queue)
    call.messaging.waiting.wake_all(queue.id)
    return {}


@operation("sqs", "PurgeQueue")
def purge_queue(call: Call) -> dict[str, Any]:
    """At once."""
    queue = queue_of(call)
    call.messaging.waiting.mark(queue.id)
    call.messaging.queues.purge(queue)
    call.messaging.waiting.wake_all(queue.id)
    return {}


@operation("sqs", "GetQueueAttributes")
def get_queue_attributes(call: Call) -> dict[str, Any]:
    queue, asked = queue_of(call), set(call.input.get("AttributeNames") or [])
    told = {**queue.attributes, **_facts(queue)}
    if asked & {"All", *_COUNTS}:
        told.update(_counts(call, queue))
    if "All" not in asked:
        told = {name: value for name, value in told.items() if name in asked}
    return {"Attributes": told or None}


@operation("sqs", "SetQueueAttributes")
def set_queue_attributes(call: Call) -> dict[str, Any]:
    call.messaging.queues.set_attributes(queue_of(call), call.input["Attributes"])
    return {}


@operation("sqs", "AddPermission")
def add_permission(call: Call) -> dict[str, Any]:
    """Writes a statement into the queue's policy, which is kept and not checked."""
    queue, label = queue_of(call), call.input["Label"]
    actions = call.input["Actions"]
    if len(actions) > _MOST_ACTIONS:
        raise OverLimit(f"{len(actions)} Actions were found, maximum allowed is {_MOST_ACTIONS}.")
    policy = _policy(queue)
    if any(one.get("Sid") == label for one in policy["Statement"]):
        raise InvalidParameterValue(
            f"Value {label} for parameter Label is invalid. Reason: Already exists."
        )
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": [iam_arn(one, "root") for one in call.input["AWSAccountIds"]]},
        "Action": [f"SQS:{action}" for action in actions],
        "Resource": queue.arn,
    }
    _set_policy(call, queue, {**policy, "Statement": [*policy["Statement"], statement]})
    return {}


@operation("sqs", "RemovePermission")
def remove_permission(call: Call) -> dict[str, Any]:
    queue, label = queue_of(call), call.input["Label"]
    policy = _policy(queue)
    left = [one for one in policy["Statement"] if one.get("Sid") != label]
    if len(left) == len(policy["Statement"]):
        raise InvalidParameterValue(
            f"Value {label} for parameter Label is invalid. Reason: can't find label."
        )
    _set_policy(call, queue, {**policy, "Statement": left})
    return {}


@operation("sqs", "TagQueue")
def tag_queue(call: Call) -> dict[str, Any]:
    queue = queue_of(call)
    tags = {**queue.record.document["tags"], **call.input["Tags"]}
    _check_tags(tags)
    call.messaging.queues.set_tags(queue, tags)
    return {}


@operation("sqs", "UntagQueue")
def untag_queue(call: Call) -> dict[str, Any]:
    queue, gone = queue_of(call), set(call.input["TagKeys"])
    kept = queue.record.document["tags"].items()
    call.messaging.queues.set_tags(queue, {key: one for key, one in kept if key not in gone})
    return {}


@operation("sqs", "ListQueueTags")
def list_queue_tags(call: Call) -> dict[str, Any]:
    return {"Tags": queue_of(call).record.document["tags"] or None}


def _facts(queue: Queue) -> dict[str, str]:
    return {
        "QueueArn": queue.arn,
        "CreatedTimestamp": str(int(queue.record.created)),
        "LastModifiedTimestamp": str(int(queue.record.modified)),
    }


def _counts(call: Call, queue: Queue) -> dict[str, str]:
    now = call.clock.now()
    counts = call.messaging.messages.counts(queue.id, now, queue.oldest(now))
    found = (counts.visible, counts.in_flight, counts.delayed)
    return dict(zip(_COUNTS, map(str, found), strict=True))


def _page(call: Call, member: str, found: list[Queue]) -> dict[str, Any]:
    """URLs by name, from the token on; without MaxResults the first thousand, as SQS does."""
    most = number(call, "MaxResults", 1, _MOST_LISTED, _MOST_LISTED)
    after = _from_token(call.input.get("NextToken") or "")
    rest = [queue for queue in found if queue.name > after]
    paged = {member: [url_of(call, queue) for queue in rest[:most]]}
    if len(rest) > most and call.input.get("MaxResults"):
        token = base64.urlsafe_b64encode(rest[most - 1].name.encode()).decode()
        return {**paged, "NextToken": token}
    return paged


def _from_token(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except (ValueError, binascii.Error):
        raise InvalidParameterValue(
            "Value for parameter NextToken is invalid. Reason: it is not one of this call."
        ) from None


def _check_tags(tags: dict[str, str]) -> None:
    if len(tags) > _MOST_TAGS:
        raise InvalidParameterValue(f"Too many tags: a queue has at most {_MOST_TAGS}.")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise InvalidParameterValue(
                f"The tag key '{key:.128}' is not allowed: 1 to 128 letters, not beginning aws:, "
                "with a value of at most 256."
            )


def _policy(queue: Queue) -> dict[str, Any]:
    kept = queue.attributes.get("Policy")
    if not kept:
        return {"Version": "2012-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy", "Statement": []}
    policy = dict(json.loads(kept))
    statements = policy.get("Statement") or []
    return {**policy, "Statement": statements if isinstance(statements, list) else [statements]}


def _set_policy(call: Call, queue: Queue, policy: dict[str, Any]) -> None:
    text = json.dumps(policy) if policy["Statement"] else ""
    call.messaging.queues.set_attributes(queue, {"Policy": text})
