"""Errors of EventBridge Scheduler: the same names as elsewhere, other statuses."""

from argosy.ground.errors import ApiError


class ConflictException(ApiError):
    """The name is taken."""

    status = 409


class ResourceNotFoundException(ApiError):
    """There is no such schedule or group."""

    status = 404
