"""The answers that the gateway gives itself: their types, statuses and texts.

Source: API Gateway guide, supported-gateway-response-types; texts as reference/automation.md §6.
"""

from typing import NamedTuple

DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'


class Default(NamedTuple):
    """How an answer is where an API does not say otherwise."""

    status: int
    """0: whatever the error has."""
    message: str
    error_type: str


DEFAULTS = {
    "ACCESS_DENIED": Default(
        403, "User is not authorized to access this resource", "AccessDeniedException"
    ),
    "API_CONFIGURATION_ERROR": Default(
        500, "Internal server error", "InternalServerErrorException"
    ),
    "AUTHORIZER_CONFIGURATION_ERROR": Default(500, "", "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": Default(500, "", "AuthorizerConfigurationException"),
    "BAD_REQUEST_BODY": Default(400, "Invalid request body", "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": Default(400, "Invalid request parameters", "BadRequestException"),
    "DEFAULT_4XX": Default(0, "", "ForbiddenException"),
    "DEFAULT_5XX": Default(0, "", "InternalServerErrorException"),
    "EXPIRED_TOKEN": Default(403, "The security token is expired", "ExpiredTokenException"),
    "INTEGRATION_FAILURE": Default(504, "Internal server error", "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": Default(
        504, "Endpoint request timed out", "InternalServerErrorException"
    ),
    "INVALID_API_KEY": Default(403, "Forbidden", "ForbiddenException"),
    "INVALID_SIGNATURE": Default(403, "The signature is wrong", "InvalidSignatureException"),
    "MISSING_AUTHENTICATION_TOKEN": Default(
        403, "Missing Authentication Token", "MissingAuthenticationTokenException"
    ),
    "QUOTA_EXCEEDED": Default(429, "Limit Exceeded", "LimitExceededException"),
    "REQUEST_TOO_LARGE": Default(413, "Request Too Long", "RequestTooLargeException"),
    "RESOURCE_NOT_FOUND": Default(404, "Not Found", "NotFoundException"),
    "THROTTLED": Default(429, "Too Many Requests", "TooManyRequestsException"),
    "UNAUTHORIZED": Default(401, "Unauthorized", "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": Default(
        415, "Unsupported Media Type", "UnsupportedMediaTypeException"
    ),
    "WAF_FILTERED": Default(403, "Forbidden", "ForbiddenException"),
}
