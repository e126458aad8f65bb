"""Errors of EventBridge that no other service has."""

from argosy.ground.errors import ApiError


class InvalidEventPatternException(ApiError):
    """The event pattern is not valid; the message says why."""
