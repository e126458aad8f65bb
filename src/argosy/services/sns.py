"""SNS: topics. Who is subscribed is in `sns_subscriptions`, publishing in `sns_publish`.

Whoever can sign may do everything with a topic: policies are kept and given back, not checked.
What has to do with phones, mobile devices and text messages is not offered.
"""

import json
from typing import Any

from argosy.ground.errors import InvalidParameter
from argosy.ground.names import iam_arn
from argosy.messaging import delivery_policy
from argosy.messaging.topic_errors import NoSuchTopic, ResourceNotFound, TagLimitExceeded
from argosy.messaging.topics import DEFAULT_SIZE, Topic
from argosy.services.registry import Call, operation
from argosy.services.sns_paging import page

_MOST_TAGS = 50
_ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)


@operation("sns", "CreateTopic")
def create_topic(call: Call) -> dict[str, Any]:
    asked = call.input
    if asked.get("DataProtectionPolicy"):
        raise InvalidParameter("Invalid parameter: DataProtectionPolicy is not offered here")
    tags = _tags(asked.get("Tags") or [])
    _check_tags(tags)
    topic = call.messaging.topics.create(
        call.caller.account, call.caller.region, asked["Name"], asked.get("Attributes") or {}, tags
    )
    return {"TopicArn": topic.arn}


@operation("sns", "DeleteTopic")
def delete_topic(call: Call) -> dict[str, Any]:
    """With its subscriptions, and what was still to be delivered to them."""
    try:
        topic = topic_of(call)
    except NoSuchTopic:
        return {}
    with call.records.transaction():
        call.messaging.subscriptions.remove_all(topic)
        call.messaging.topics.delete(topic)
    return {}


@operation("sns", "ListTopics")
def list_topics(call: Call) -> dict[str, Any]:
    found = call.messaging.topics.of_account(call.caller.account, call.caller.region)
    return page(call, "Topics", [(one.name, {"TopicArn": one.arn}) for one in found])


@operation("sns", "GetTopicAttributes")
def get_topic_attributes(call: Call) -> dict[str, Any]:
    topic = topic_of(call)
    subscriptions = call.messaging.subscriptions.of_topic(topic)
    pending = sum(one.pending for one in subscriptions)
    of_fifo = {
        "FifoTopic": "true",
        "ContentBasedDeduplication": "false",
        "FifoThroughputScope": "Topic",
    }
    told = {
        "TopicArn": topic.arn,
        "Owner": topic.record.account,
        "DisplayName": "",
        "MaximumMessageSize": str(DEFAULT_SIZE),
        "Policy": json.dumps(_default_policy(topic)),
        "EffectiveDeliveryPolicy": json.dumps(
            delivery_policy.effective_of_topic(topic.get("DeliveryPolicy"))
        ),
        "SubscriptionsConfirmed": str(len(subscriptions) - pending),
        "SubscriptionsPending": str(pending),
        "SubscriptionsDeleted": "0",
        **(of_fifo if topic.fifo else {}),
        **{name: one for name, one in topic.record.document["attributes"].items() if one},
    }
    return {"Attributes": told}


@operation("sns", "SetTopicAttributes")
def set_topic_attributes(call: Call) -> dict[str, Any]:
    value = call.input.get("AttributeValue") or ""
    call.messaging.topics.set_attribute(topic_of(call), call.input["AttributeName"], value)
    return {}


@operation("sns", "AddPermission")
def add_permission(call: Call) -> dict[str, Any]:
    """Writes a statement into the topic's policy, which is kept and not checked."""
    topic, label, actions = topic_of(call), call.input["Label"], call.input["ActionName"]
    unknown = set(actions) - {*_ACTIONS, "*"}
    if unknown:
        raise InvalidParameter(
            f"Invalid parameter: Policy statement action out of service scope: {sorted(unknown)}"
        )
    policy = _policy(topic)
    if any(one.get("Sid") == label for one in policy["Statement"]):
        raise InvalidParameter("Invalid parameter: Statement already exists")
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": [iam_arn(one, "root") for one in call.input["AWSAccountId"]]},
        "Action": [f"SNS:{action}" for action in actions],
        "Resource": topic.arn,
    }
    _set_policy(call, topic, {**policy, "Statement": [*policy["Statement"], statement]})
    return {}


@operation("sns", "RemovePermission")
def remove_permission(call: Call) -> dict[str, Any]:
    topic, policy = topic_of(call), _policy(topic_of(call))
    left = [one for one in policy["Statement"] if one.get("Sid") != call.input["Label"]]
    _set_policy(call, topic, {**policy, "Statement": left})
    return {}


@operation("sns", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    topic = _tagged(call)
    tags = {**topic.record.document["tags"], **_tags(call.input["Tags"])}
    _check_tags(tags)
    call.messaging.topics.set_tags(topic, tags)
    return {}


@operation("sns", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    topic, gone = _tagged(call), set(call.input["TagKeys"])
    kept = topic.record.document["tags"].items()
    call.messaging.topics.set_tags(topic, {key: one for key, one in kept if key not in gone})
    return {}


@operation("sns", "ListTagsForResource")
def list_tags_for_resource(call: Call) -> dict[str, Any]:
    tags = _tagged(call).record.document["tags"]
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def topic_of(call: Call) -> Topic:
    """The topic that TopicArn names. Raises NoSuchTopic, InvalidParameter."""
    return call.messaging.topics.get(call.input["TopicArn"])


def _tagged(call: Call) -> Topic:
    topic = call.messaging.topics.find(call.input["ResourceArn"])
    if topic is None:
        raise ResourceNotFound("Resource does not exist")
    return topic


def _tags(given: list[dict[str, str]]) -> dict[str, str]:
    tags = {tag["Key"]: tag["Value"] for tag in given}
    if len(tags) < len(given):
        raise InvalidParameter("Invalid parameter: Tags: a key is given twice")
    return tags


def _check_tags(tags: dict[str, str]) -> None:
    if len(tags) > _MOST_TAGS:
        raise TagLimitExceeded(f"A topic has at most {_MOST_TAGS} tags.")
    for key in tags:
        if key.lower().startswith("aws:"):
            raise InvalidParameter("Invalid parameter: Tag keys cannot begin with aws:")


def _default_policy(topic: Topic) -> dict[str, Any]:
    owner = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in _ACTIONS],
        "Resource": topic.arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": topic.record.account}},
    }
    return {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [owner]}


def _policy(topic: Topic) -> dict[str, Any]:
    kept = topic.get("Policy")
    policy = dict(json.loads(kept)) if kept else _default_policy(topic)
    statements = policy.get("Statement") or []
    return {**policy, "Statement": statements if isinstance(statements, list) else [statements]}


def _set_policy(call: Call, topic: Topic, policy: dict[str, Any]) -> None:
    call.messaging.topics.set_attribute(topic, "Policy", json.dumps(policy))
