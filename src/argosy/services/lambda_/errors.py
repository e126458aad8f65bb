"""The errors of Lambda. Texts are the service's own where they are known."""

from argosy.ground.errors import ApiError


class LambdaError(ApiError):
    """What all of them have: the member Type says whose fault it is."""

    def __init__(self, message: str, **members: object) -> None:
        super().__init__(message, **{"Type": "User" if self.sender_fault else "Server", **members})


class InvalidParameterValueException(LambdaError):
    """A value is wrong, or asks for what Argosy does not do."""


class ResourceNotFoundException(LambdaError):
    """There is no such function, version, alias, layer, policy or mapping."""

    status = 404


class ResourceConflictException(LambdaError):
    """It is there already, or somebody is changing it."""

    status = 409


class ResourceInUseException(LambdaError):
    """It cannot be changed while it is used."""


class PreconditionFailedException(LambdaError):
    """The RevisionId is not that of the latest change."""

    status = 412


class InvalidRequestContentException(LambdaError):
    """The payload of an invocation is not JSON."""


class RequestTooLargeException(LambdaError):
    """The payload of an invocation is larger than allowed."""

    status = 413


class RequestEntityTooLargeException(LambdaError):
    """The zip of a request is larger than allowed."""

    status = 413


class CodeStorageExceededException(LambdaError):
    """The disk that holds functions' code is full."""


class PolicyLengthExceededException(LambdaError):
    """A function's policy would be longer than 20 KB."""


class ProvisionedConcurrencyConfigNotFoundException(LambdaError):
    """Nothing is provisioned for that version or alias."""

    status = 404


class RecursiveInvocationException(LambdaError):
    """The function has invoked itself, directly or not, too often in one chain."""
