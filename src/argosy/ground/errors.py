"""Errors that clients see: one class per code, raised anywhere, put on the wire in one place.

    Exception
    ├── ArgosyError                 something an operator must change (a port, a folder, a setting)
    └── ApiError                    an AWS error: code, HTTP status, message, further members
        ├── ValidationException     control plane: bad value, not there, exists already, wrong state
        ├── UnknownOperationException, SerializationException, InternalFailure, …
        ├── ResourceNotFound, ResourceInUse, ResourceLimitExceeded          (jobs)
        ├── ResourceNotFoundException, InvalidParameterException, …         (logs)
        ├── InvalidParameter, InvalidParameterValue                         (SNS, SQS, EC2)
        ├── NoSuchEntity, EntityAlreadyExists, DeleteConflict, …            (IAM)
        └── ValidationError, ModelError, ServiceUnavailable, …              (runtime)

Authentication errors live in `argosy.access.errors`. Codes and texts follow the service guides.
"""

from typing import Any, ClassVar


class ArgosyError(Exception):
    """Something the operator of this machine must change; the message says what."""


class ApiError(Exception):
    """An error as AWS would answer it; `members` become further fields of the body."""

    status: ClassVar[int] = 400

    def __init__(self, message: str, **members: Any) -> None:
        super().__init__(message)
        self.message = message
        self.members = members

    @property
    def code(self) -> str:
        return type(self).__name__

    @property
    def query_code(self) -> str:
        """The code that services know which spoke the query protocol before JSON (SQS)."""
        return self.code

    @property
    def sender_fault(self) -> bool:
        """True when the caller must change something (the query protocol's `Type`)."""
        return self.status < 500


class ValidationException(ApiError):
    """A value is wrong, a thing is missing or exists already, or its state forbids the call."""


class SerializationException(ApiError):
    """The body could not be read as the protocol asks."""


class UnknownOperationException(ApiError):
    """The service has no such operation, or Argosy does not offer it."""


class AccessDeniedException(ApiError):
    """The identity lacks permission."""

    status = 403


class ThrottlingException(ApiError):
    """Too many requests at once."""


class InternalFailure(ApiError):
    """Argosy itself failed; the message names the request id to look for in the logs."""

    status = 500


class ResourceNotFound(ApiError):
    """A job or another named thing is not there."""


class ResourceInUse(ApiError):
    """The name is taken, or the thing is busy."""


class ConflictException(ApiError):
    """Its state forbids the call now."""


class ResourceLimitExceeded(ApiError):
    """A limit of the account would be passed."""


class ResourceNotFoundException(ApiError):
    """CloudWatch Logs: the log group or stream does not exist."""


class InvalidParameterException(ApiError):
    """CloudWatch Logs: a parameter is wrong."""


class ResourceAlreadyExistsException(ApiError):
    """CloudWatch Logs: the name is taken."""


class LimitExceededException(ApiError):
    """CloudWatch Logs: there would be too many of them."""


class TooManyRequestsException(ApiError):
    """Lambda: as many invocations run as may; member Reason says whose limit it is."""

    status = 429


class ServiceException(ApiError):
    """Lambda: the function could not be run, through no fault of its own."""

    status = 500


class ServiceUnavailableException(ApiError):
    """CloudWatch Logs: it cannot be written now; try again."""

    status = 503


class InvalidParameter(ApiError):
    """SNS: a parameter is wrong."""


class InvalidParameterValue(ApiError):
    """EC2, SQS: a parameter is wrong."""


class MissingParameter(ApiError):
    """EC2: a parameter that must be there is not."""


class BadRequestException(ApiError):
    """API Gateway: a value is wrong, or the thing's state forbids the call."""


class InvalidArgument(ApiError):
    """S3: a value is wrong."""


class NoSuchBucket(ApiError):
    """S3: there is no bucket of that name."""

    status = 404


class NoSuchEntity(ApiError):
    """IAM: the role or policy does not exist."""

    status = 404


class EntityAlreadyExists(ApiError):
    """IAM: the name is taken."""

    status = 409


class DeleteConflict(ApiError):
    """IAM: the thing still has parts that must go first."""

    status = 409


class MalformedPolicyDocument(ApiError):
    """IAM: the policy is not valid JSON of the policy grammar."""


class AccessDenied(ApiError):
    """STS and S3: the identity lacks permission."""

    status = 403


class ServiceValidationError(ApiError):
    """IAM and STS: a parameter breaks its constraints."""

    @property
    def code(self) -> str:
        return "ValidationError"


class ValidationError(ApiError):
    """Runtime: the endpoint, target or body cannot be invoked as asked."""


class ModelError(ApiError):
    """Runtime: the container answered with an error, timed out or broke the connection."""

    status = 424


class ModelNotReadyException(ApiError):
    """Runtime: the model of a multi-model endpoint is still being downloaded or loaded."""

    status = 429


class ServiceUnavailable(ApiError):
    """Runtime: no healthy instance can take the request now."""

    status = 503


class RequestTooLong(ApiError):
    """An API or a function's URL: the body is larger than one may be."""

    status = 413


class InternalDependencyException(ApiError):
    """Runtime: something the service stands on failed."""

    status = 530
