"""Why a request was not let in, and how each dialect says it (reference/security.md §1).

AuthError(Failure.UNKNOWN_KEY).told(Dialect.S3)  →  403 InvalidAccessKeyId
                               Dialect.JSON      →  400 UnrecognizedClientException
"""

from enum import Enum, auto
from typing import NamedTuple

from argosy.access.dialects import UNAUTHORIZED, Dialect


class Failure(Enum):
    """What was wrong with the credentials of a request."""

    MISSING = auto()
    """No signature at all."""
    INCOMPLETE = auto()
    """The Authorization header or query cannot be read."""
    UNKNOWN_KEY = auto()
    MISMATCH = auto()
    """The signature is not what we calculate."""
    SKEWED = auto()
    """Signed too long ago, or in the future."""
    EXPIRED = auto()
    """A presigned request past its expiry."""
    SCOPE = auto()
    """The credential is scoped to something else."""
    PAYLOAD = auto()
    """The body is not the one that was signed (S3)."""
    UNSUPPORTED = auto()
    """A way of signing that is not offered."""
    BAD_TOKEN = auto()
    """The session token is none that was given out here, or not that of the key."""
    OVER = auto()
    """The time of temporary credentials is over."""


class Told(NamedTuple):
    """An error as one dialect tells it."""

    status: int
    code: str
    message: str


_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. "
    "Consult the service documentation for details."
)

_MESSAGES = {
    Failure.MISSING: "Missing Authentication Token",
    Failure.INCOMPLETE: "The authorization of the request cannot be read.",
    Failure.UNKNOWN_KEY: "The security token included in the request is invalid.",
    Failure.MISMATCH: _MISMATCH,
    Failure.SKEWED: "Signature expired.",
    Failure.EXPIRED: "Request has expired",
    Failure.SCOPE: "Credential should be scoped to a valid Region.",
    Failure.PAYLOAD: "The provided 'x-amz-content-sha256' header does not match what was computed.",
    Failure.UNSUPPORTED: (
        "The authorization mechanism you have provided is not supported. "
        "Please use AWS4-HMAC-SHA256."
    ),
    Failure.BAD_TOKEN: "The security token included in the request is invalid.",
    Failure.OVER: "The security token included in the request is expired",
}

_JSON = {
    Failure.MISSING: (400, "MissingAuthenticationTokenException"),
    Failure.INCOMPLETE: (400, "IncompleteSignatureException"),
    Failure.UNKNOWN_KEY: (400, "UnrecognizedClientException"),
    Failure.MISMATCH: (400, "InvalidSignatureException"),
    Failure.SKEWED: (400, "InvalidSignatureException"),
    Failure.EXPIRED: (400, "InvalidSignatureException"),
    Failure.SCOPE: (400, "InvalidSignatureException"),
    Failure.PAYLOAD: (400, "InvalidSignatureException"),
    Failure.UNSUPPORTED: (400, "IncompleteSignatureException"),
    Failure.BAD_TOKEN: (400, "UnrecognizedClientException"),
    Failure.OVER: (400, "ExpiredTokenException"),
}

_QUERY = {
    Failure.MISSING: (403, "MissingAuthenticationToken"),
    Failure.INCOMPLETE: (400, "IncompleteSignature"),
    Failure.UNKNOWN_KEY: (403, "InvalidClientTokenId"),
    Failure.MISMATCH: (403, "SignatureDoesNotMatch"),
    Failure.SKEWED: (403, "SignatureDoesNotMatch"),
    Failure.EXPIRED: (403, "SignatureDoesNotMatch"),
    Failure.SCOPE: (403, "SignatureDoesNotMatch"),
    Failure.PAYLOAD: (403, "SignatureDoesNotMatch"),
    Failure.UNSUPPORTED: (400, "IncompleteSignature"),
    Failure.BAD_TOKEN: (403, "InvalidClientTokenId"),
    Failure.OVER: (403, "ExpiredToken"),
}

_EC2 = {
    failure: (401, "AuthFailure")
    if code in ("InvalidClientTokenId", "SignatureDoesNotMatch")
    else (status, code)
    for failure, (status, code) in _QUERY.items()
}

_S3 = {
    Failure.MISSING: (403, "AccessDenied"),
    Failure.INCOMPLETE: (400, "AuthorizationHeaderMalformed"),
    Failure.UNKNOWN_KEY: (403, "InvalidAccessKeyId"),
    Failure.MISMATCH: (403, "SignatureDoesNotMatch"),
    Failure.SKEWED: (403, "RequestTimeTooSkewed"),
    Failure.EXPIRED: (403, "AccessDenied"),
    Failure.SCOPE: (400, "AuthorizationHeaderMalformed"),
    Failure.PAYLOAD: (400, "XAmzContentSHA256Mismatch"),
    Failure.UNSUPPORTED: (400, "InvalidRequest"),
    Failure.BAD_TOKEN: (400, "InvalidToken"),
    Failure.OVER: (400, "ExpiredToken"),
}

_S3_MESSAGES = {
    Failure.MISSING: "Access Denied",
    Failure.UNKNOWN_KEY: "The AWS Access Key Id you provided does not exist in our records.",
    Failure.MISMATCH: (
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method."
    ),
    Failure.SKEWED: ("The difference between the request time and the current time is too large."),
    Failure.BAD_TOKEN: "The provided token is malformed or otherwise invalid.",
    Failure.OVER: "The provided token has expired.",
}

_OCI = dict.fromkeys(Failure, (401, UNAUTHORIZED))
_REST_JSON = {failure: (403, code) for failure, (_, code) in _JSON.items()}
_TABLES = {
    Dialect.JSON: _JSON,
    Dialect.CBOR: _JSON,
    Dialect.REST_JSON: _REST_JSON,
    Dialect.QUERY: _QUERY,
    Dialect.EC2: _EC2,
    Dialect.S3: _S3,
    Dialect.OCI: _OCI,
    Dialect.DOOR: _REST_JSON,
}


class AuthError(Exception):
    """The request was not let in; `told` says how the client's dialect puts it."""

    def __init__(self, failure: Failure, message: str = "") -> None:
        super().__init__(message or _MESSAGES[failure])
        self.failure = failure
        self.message = message

    def told(self, dialect: Dialect) -> Told:
        """Status, code and message for a client of this dialect."""
        status, code = _TABLES[dialect][self.failure]
        standard = _S3_MESSAGES if dialect is Dialect.S3 else _MESSAGES
        fallback = standard.get(self.failure, _MESSAGES[self.failure])
        if dialect is Dialect.S3 and self.failure in (Failure.SKEWED, Failure.EXPIRED):
            return Told(status, code, fallback)
        return Told(status, code, self.message or fallback)
