"""Errors of SNS."""

from typing import ClassVar

from argosy.ground.errors import ApiError


class NoSuchTopic(ApiError):
    """There is no such topic."""

    status = 404
    older: ClassVar[str] = "NotFound"

    @property
    def code(self) -> str:
        return self.older

    def __init__(self, arn: str = "") -> None:
        super().__init__(f"Topic does not exist{f': {arn[:256]}' if arn else ''}")


class NoSuchSubscription(ApiError):
    """There is no such subscription."""

    status = 404

    @property
    def code(self) -> str:
        return "NotFound"

    def __init__(self, arn: str = "") -> None:
        super().__init__(f"Subscription does not exist{f': {arn[:256]}' if arn else ''}")


class ResourceNotFound(ApiError):
    """Tags are asked for of something that is not there."""

    status = 404


class AuthorizationError(ApiError):
    """The caller may not do this."""

    status = 403


class SubscriptionLimitExceeded(ApiError):
    """A topic has as many subscriptions as it may."""

    status = 403


class TagLimitExceeded(ApiError):
    """Too many tags."""


class EmptyBatchRequest(ApiError):
    """A batch without entries."""


class TooManyEntriesInBatchRequest(ApiError):
    """A batch of more than ten entries."""


class BatchEntryIdsNotDistinct(ApiError):
    """Two entries of a batch have one id."""


class BatchRequestTooLong(ApiError):
    """The messages of a batch are too large together."""


class InvalidBatchEntryId(ApiError):
    """An entry's id is not one."""
