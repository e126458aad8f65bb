"""Errors of SQS: each has the name of botocore's shape, and the code that older clients know.

Both reach clients: boto3's `exceptions` go by the first, `Error.Code` is the second.
"""

from typing import ClassVar

from argosy.ground.errors import ApiError

_PREFIX = "AWS.SimpleQueueService."


class QueueError(ApiError):
    """An error of SQS whose older code is its name after the prefix."""

    older: ClassVar[str] = ""

    @property
    def query_code(self) -> str:
        return self.older or _PREFIX + self.code


class QueueDoesNotExist(QueueError):
    """There is no queue of that name or URL."""

    older = _PREFIX + "NonExistentQueue"

    def __init__(self, name: str = "") -> None:
        shown = f" ({name[:128]})" if name else ""
        super().__init__(f"The specified queue does not exist{shown}.")


class QueueNameExists(QueueError):
    """A queue of that name is there, with other attributes."""

    older = "QueueAlreadyExists"


class InvalidAttributeName(QueueError):
    """SQS has no such attribute, or it cannot be set."""

    older = "InvalidAttributeName"


class InvalidAttributeValue(QueueError):
    """An attribute cannot have this value."""

    older = "InvalidAttributeValue"


class InvalidAddress(QueueError):
    """The queue's URL is none."""

    older = "InvalidAddress"


class InvalidMessageContents(QueueError):
    """The body has characters that are not allowed."""

    older = "InvalidMessageContents"


class OverLimit(QueueError):
    """Too many messages are in flight, or too many permissions asked for."""

    older = "OverLimit"


class ReceiptHandleIsInvalid(QueueError):
    """The text is no receipt handle."""

    older = "ReceiptHandleIsInvalid"


class ResourceNotFoundException(QueueError):
    """There is no such queue or task to move messages."""

    older = "ResourceNotFoundException"


class MissingParameter(QueueError):
    """A parameter is needed that is not there."""

    older = "MissingParameter"


class MessageNotInflight(QueueError):
    """Nobody has the message at the moment."""


class PurgeQueueInProgress(QueueError):
    """The queue was purged within the last minute."""


class UnsupportedOperation(QueueError):
    """Not in this state, or not here."""

    older = _PREFIX + "UnsupportedOperation"


class EmptyBatchRequest(QueueError):
    """A batch without entries."""


class TooManyEntriesInBatchRequest(QueueError):
    """A batch of more than ten entries."""


class BatchEntryIdsNotDistinct(QueueError):
    """Two entries of a batch have one id."""


class BatchRequestTooLong(QueueError):
    """The messages of a batch are too large together."""


class InvalidBatchEntryId(QueueError):
    """An entry's id is not one."""
