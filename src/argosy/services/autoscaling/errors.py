"""The errors of Application Auto Scaling that other services do not have."""

from argosy.ground.errors import ApiError


class ObjectNotFoundException(ApiError):
    """A scalable target, policy or scheduled action is not there."""


class LimitExceededException(ApiError):
    """A target would have more of something than it may."""


class InvalidNextTokenException(ApiError):
    """The token was not given by this call."""


class TooManyTagsException(ApiError):
    """A scalable target would have more tags than it may."""
