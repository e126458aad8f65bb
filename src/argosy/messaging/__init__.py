"""Queues and topics: what SQS and SNS do, in the database that everything else is in.

`Messaging` is the whole; there is one in a control process. It speaks no protocol: services/ does.
"""

from argosy.messaging.hub import Messaging
from argosy.messaging.publication import Publication, Published
from argosy.messaging.topic_errors import NoSuchTopic

__all__ = ["Messaging", "NoSuchTopic", "Publication", "Published"]
