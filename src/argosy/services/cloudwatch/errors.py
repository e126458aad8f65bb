"""CloudWatch's errors: codes of its query protocol, which newer protocols tell in a header."""

from argosy.ground.errors import ApiError, InvalidParameterValue, ServiceValidationError

__all__ = [
    "DashboardInvalid",
    "InvalidFormat",
    "InvalidNextToken",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "LimitExceeded",
    "MissingParameter",
    "ResourceConflict",
    "ResourceNotFound",
    "ResourceNotFoundException",
    "ServiceValidationError",
]


class InvalidParameterCombination(ApiError):
    """Parameters that do not go together."""


class MissingParameter(ApiError):
    """A parameter that must be given."""


class InvalidFormat(ApiError):
    """Data that is not JSON."""


class InvalidNextToken(ApiError):
    """The token was not made by this call."""


class LimitExceeded(ApiError):
    """There is as much of it as there may be."""


class ResourceConflict(ApiError):
    """Something else stands on it."""

    status = 409


class ResourceNotFound(ApiError):
    """There is no such alarm or dashboard."""

    status = 404


class ResourceNotFoundException(ApiError):
    """There is nothing of that ARN."""

    status = 404


class DashboardInvalid(ApiError):
    """The body of a dashboard is none."""

    @property
    def code(self) -> str:
        return "InvalidParameterInput"
