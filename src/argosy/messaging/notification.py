"""What subscribers are sent: SNS's JSON forms, with what is signed of them.

Members and the text to sign: Amazon SNS Developer Guide, "Message and JSON formats" and "Verifying
the signatures of messages".
"""

import base64
import datetime
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from argosy.messaging.attributes import Attributes
from argosy.messaging.signing import Signer

NOTIFICATION = "Notification"
CONFIRMATION = "SubscriptionConfirmation"
FAREWELL = "UnsubscribeConfirmation"

_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}
_SIGNED[FAREWELL] = _SIGNED[CONFIRMATION]


class Envelope:
    """A message of a topic in SNS's JSON form; signed once, addressed to each subscriber."""

    def __init__(self, members: Mapping[str, str | None], signer: Signer, version: str) -> None:
        """`members`: Type, MessageId, TopicArn, Message, Timestamp, and what the type has more."""
        self._members = {name: value for name, value in members.items() if value is not None}
        self._signature = signer.sign(to_sign(self._members), version)
        self._version = version
        self._certificate = signer.certificate_path

    def addressed(self, base: str, **more: Any) -> str:
        """The JSON text. base: how the subscriber names this platform."""
        document = {
            **self._members,
            "SignatureVersion": self._version,
            "Signature": self._signature,
            "SigningCertURL": base + self._certificate,
            **more,
        }
        return json.dumps(document, indent=2, ensure_ascii=False)


def to_sign(members: Mapping[str, str]) -> str:
    """Name and value of the signed members, a line each."""
    names = [name for name in _SIGNED[members["Type"]] if name in members]
    return "".join(f"{name}\n{members[name]}\n" for name in names)


def timestamp(now: float) -> str:
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def attributes_member(attributes: Attributes) -> dict[str, dict[str, str]]:
    """The member MessageAttributes of a notification."""
    return {name: _attribute(one) for name, one in attributes.items()}


def _attribute(one: Mapping[str, Any]) -> dict[str, str]:
    data_type = str(one["DataType"])
    if data_type.startswith("Binary"):
        return {"Type": data_type, "Value": base64.b64encode(one["BinaryValue"]).decode()}
    return {"Type": data_type, "Value": str(one["StringValue"])}


def subscribe_url(base: str, topic_arn: str, token: str) -> str:
    asked = {"Action": "ConfirmSubscription", "TopicArn": topic_arn, "Token": token}
    return f"{base}/?{urlencode(asked)}"


def unsubscribe_url(base: str, subscription_arn: str) -> str:
    return f"{base}/?{urlencode({'Action': 'Unsubscribe', 'SubscriptionArn': subscription_arn})}"
