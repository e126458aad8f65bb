"""SNS: subscriptions of queues and of http endpoints.

ConfirmSubscription and Unsubscribe may come unsigned, as the URLs in messages to subscribers are
visited; the edge lets just these two pass.
"""

import json
import re
from typing import Any

from argosy.ground.errors import InvalidParameter
from argosy.messaging import delivery_policy
from argosy.messaging.subscription import HTTP, Subscription
from argosy.messaging.topic_errors import NoSuchSubscription
from argosy.services.registry import Call, operation
from argosy.services.sns import topic_of
from argosy.services.sns_paging import page

_PENDING = "pending confirmation"
_PENDING_ARN = "PendingConfirmation"
_PASSWORD = re.compile(r"^(https?://[^/@:]*):[^/@]*@")


@operation("sns", "Subscribe")
def subscribe(call: Call) -> dict[str, Any]:
    """Queues of this platform are subscribed at once, URLs once they have confirmed it."""
    asked = call.input
    if not asked.get("Endpoint"):
        raise InvalidParameter("Invalid parameter: Endpoint is needed")
    subscription = call.messaging.subscriptions.subscribe(
        topic_of(call),
        asked["Protocol"],
        asked["Endpoint"],
        asked.get("Attributes") or {},
        call.base,
    )
    told = not subscription.pending or asked.get("ReturnSubscriptionArn")
    return {"SubscriptionArn": subscription.arn if told else _PENDING}


@operation("sns", "ConfirmSubscription")
def confirm_subscription(call: Call) -> dict[str, Any]:
    guarded = (call.input.get("AuthenticateOnUnsubscribe") or "").lower() == "true"
    subscription = call.messaging.subscriptions.confirm(
        topic_of(call), call.input["Token"], signed=bool(call.caller.account), guarded=guarded
    )
    return {"SubscriptionArn": subscription.arn}


@operation("sns", "Unsubscribe")
def unsubscribe(call: Call) -> dict[str, Any]:
    """What was still to be delivered is dropped."""
    try:
        subscription = _subscription_of(call)
    except NoSuchSubscription:
        return {}
    call.messaging.subscriptions.unsubscribe(subscription, signed=bool(call.caller.account))
    return {}


@operation("sns", "ListSubscriptions")
def list_subscriptions(call: Call) -> dict[str, Any]:
    return _page(
        call,
        call.messaging.subscriptions.of_account(call.caller.account, call.caller.region),
    )


@operation("sns", "ListSubscriptionsByTopic")
def list_subscriptions_by_topic(call: Call) -> dict[str, Any]:
    return _page(call, call.messaging.subscriptions.of_topic(topic_of(call)))


@operation("sns", "GetSubscriptionAttributes")
def get_subscription_attributes(call: Call) -> dict[str, Any]:
    subscription = _subscription_of(call)
    told = {
        "SubscriptionArn": subscription.arn,
        "TopicArn": subscription.topic_arn,
        "Owner": subscription.record.account,
        "Protocol": subscription.protocol,
        "Endpoint": _shown(subscription.endpoint),
        "PendingConfirmation": str(subscription.pending).lower(),
        "ConfirmationWasAuthenticated": str(subscription.record.document["authenticated"]).lower(),
        "RawMessageDelivery": "false",
        **subscription.kept,
    }
    if subscription.protocol in HTTP:
        topic = call.messaging.topics.get(subscription.topic_arn)
        policy = delivery_policy.effective(
            topic.get("DeliveryPolicy"), subscription.get("DeliveryPolicy")
        )
        told["EffectiveDeliveryPolicy"] = json.dumps(policy)
    if "FilterPolicy" in told:
        told.setdefault("FilterPolicyScope", "MessageAttributes")
    return {"Attributes": told}


@operation("sns", "SetSubscriptionAttributes")
def set_subscription_attributes(call: Call) -> dict[str, Any]:
    value = call.input.get("AttributeValue") or ""
    call.messaging.subscriptions.set_attribute(
        _subscription_of(call), call.input["AttributeName"], value
    )
    return {}


def _subscription_of(call: Call) -> Subscription:
    return call.messaging.subscriptions.get(call.input["SubscriptionArn"])


def _page(call: Call, found: list[Subscription]) -> dict[str, Any]:
    keyed = sorted((one.record.name, _view(one)) for one in found)
    return page(call, "Subscriptions", keyed)


def _view(one: Subscription) -> dict[str, Any]:
    return {
        "SubscriptionArn": _PENDING_ARN if one.pending else one.arn,
        "Owner": one.record.account,
        "Protocol": one.protocol,
        "Endpoint": _shown(one.endpoint),
        "TopicArn": one.topic_arn,
    }


def _shown(endpoint: str) -> str:
    """A password in a URL is not shown."""
    return _PASSWORD.sub(r"\1:****@", endpoint)
