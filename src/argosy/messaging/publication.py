"""A message on its way to a topic: what is checked, what each protocol is given. Pure.

Rules: botocore's model of Publish, and the SNS Developer Guide.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from argosy.ground.errors import InvalidParameter
from argosy.messaging import attributes
from argosy.messaging.attributes import Attributes, BadAttribute

JSON = "json"
_LONGEST_SUBJECT = 100
_ID = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,./:;<=>?@\[\\\]^_`{|}~-]{1,128}")


@dataclass(frozen=True)
class Publication:
    """What a publisher says."""

    message: str
    subject: str | None = None
    attributes: Attributes = field(default_factory=dict)
    structure: str = ""
    """ "json": the message is an object with a text for each protocol, and a default."""
    group: str = ""
    deduplication: str = ""
    trace: str = ""
    """X-Amzn-Trace-Id of what led to it, for the detection of loops."""


@dataclass(frozen=True)
class Published:
    """A message that will reach everybody who wants it."""

    message_id: str
    sequence: str = ""
    """Only of FIFO topics."""


def size(publication: Publication) -> int:
    """Bytes that count against the limit of a topic and of a batch."""
    return len(publication.message.encode()) + attributes.size(publication.attributes)


def check(publication: Publication, most_bytes: int, *, fifo: bool, by_content: bool) -> None:
    """Raises InvalidParameter. by_content: the topic deduplicates by content."""
    if not publication.message:
        raise InvalidParameter("Invalid parameter: Empty message")
    if size(publication) > most_bytes:
        raise InvalidParameter("Invalid parameter: Message too long")
    _check_subject(publication.subject)
    try:
        attributes.check(publication.attributes, most=None)
    except BadAttribute as error:
        raise InvalidParameter(f"Invalid parameter: {error}") from None
    if publication.structure not in ("", JSON):
        raise InvalidParameter("Invalid parameter: MessageStructure can only be json")
    _check_ids(publication, fifo, by_content)
    texts(publication)


def texts(publication: Publication) -> Mapping[str, str]:
    """Text by protocol, with "default"; raises InvalidParameter."""
    if publication.structure != JSON:
        return {"default": publication.message}
    try:
        given = json.loads(publication.message, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError):
        raise _bad_structure("JSON message body failed to parse") from None
    if not isinstance(given, dict):
        raise _bad_structure("JSON message body must be an object")
    if not isinstance(given.get("default"), str):
        raise _bad_structure("No default entry in JSON message body")
    return {name: text for name, text in given.items() if isinstance(text, str)}


def text_for(given: Mapping[str, str], protocol: str) -> str:
    """What the subscribers of a protocol are told."""
    return given.get(protocol, given["default"])


def _check_subject(subject: str | None) -> None:
    if subject is None:
        return
    control = any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in subject)
    if not subject or len(subject) > _LONGEST_SUBJECT or control:
        raise InvalidParameter(
            "Invalid parameter: Subject: 1 to 100 characters, without line breaks and control "
            "characters"
        )


def _check_ids(publication: Publication, fifo: bool, by_content: bool) -> None:
    for name, given in (
        ("MessageGroupId", publication.group),
        ("MessageDeduplicationId", publication.deduplication),
    ):
        if given and not _ID.fullmatch(given):
            raise InvalidParameter(
                f"Invalid parameter: {name}: 1 to 128 letters, digits and punctuation characters"
            )
    if not fifo:
        if publication.deduplication:
            raise InvalidParameter(
                "Invalid parameter: MessageDeduplicationId: only FIFO topics have one"
            )
    elif not publication.group:
        raise InvalidParameter(
            "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
        )
    elif not publication.deduplication and not by_content:
        raise InvalidParameter(
            "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly"
        )


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)


def _bad_structure(why: str) -> InvalidParameter:
    return InvalidParameter(f"Invalid parameter: Message Structure - {why}")
