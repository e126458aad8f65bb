"""Errors of API Gateway, of both its services."""

from argosy.ground.errors import ApiError, BadRequestException

__all__ = ["BadRequestException", "ConflictException", "NotFoundException"]


class NotFoundException(ApiError):
    """The API, or a part of it, does not exist."""

    status = 404


class ConflictException(ApiError):
    """The name is taken, or something still needs the thing."""

    status = 409
