"""Presigned S3 URLs of Signature Version 2, which boto3 still makes in some regions.

Only the query form (AWSAccessKeyId, Signature, Expires) is read; the header form is refused
elsewhere. Source: S3 User Guide, "Signing and authenticating REST requests".
"""

import base64
import hmac
from dataclasses import dataclass
from urllib.parse import unquote

from argosy.access.canonical import Asked, split_query
from argosy.access.errors import AuthError, Failure

TOKEN = "x-amz-security-token"
"""The query parameter that holds the token of temporary credentials; signed as if it were a
header."""

# Query parameters that are part of the resource that is signed.
_SUB_RESOURCES = frozenset(
    {
        "accelerate",
        "acl",
        "analytics",
        "cors",
        "defaultObjectAcl",
        "delete",
        "inventory",
        "lifecycle",
        "location",
        "logging",
        "metrics",
        "notification",
        "object-lock",
        "partNumber",
        "policy",
        "replication",
        "requestPayment",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "restore",
        "select",
        "select-type",
        "storageClass",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "website",
    }
)


@dataclass(frozen=True, slots=True)
class ClaimV2:
    """What a presigned V2 URL says of itself."""

    key_id: str
    signature: str
    expires: str
    """Epoch seconds, as on the wire."""


def claim_of(asked: Asked) -> ClaimV2 | None:
    """The V2 claim in the query; None when it is not such a URL."""
    if "Signature=" not in asked.query:
        return None
    fields = {name: unquote(value, "latin-1") for name, value in split_query(asked.query)}
    names = ("AWSAccessKeyId", "Signature", "Expires")
    if not all(fields.get(name) for name in names):
        return None
    return ClaimV2(*(fields[name] for name in names))


def check(claim: ClaimV2, asked: Asked, secret: str | None, now: float) -> None:
    """Return when the claim is true; raise AuthError with the reason when it is not."""
    if secret is None:
        raise AuthError(Failure.UNKNOWN_KEY)
    if not (claim.expires.isascii() and claim.expires.isdigit()):
        raise AuthError(
            Failure.INCOMPLETE, f"Invalid date (should be seconds since epoch): {claim.expires}"
        )
    if int(claim.expires[:15]) < now:
        raise AuthError(Failure.EXPIRED)
    expected = signature(secret, string_to_sign(asked, claim.expires))
    if not hmac.compare_digest(expected.encode(), claim.signature.encode("latin-1", "replace")):
        raise AuthError(Failure.MISMATCH)


def signature(secret: str, text: str) -> str:
    """Base64 of HMAC-SHA1."""
    return base64.b64encode(hmac.digest(secret.encode(), text.encode("latin-1"), "sha1")).decode()


def string_to_sign(asked: Asked, expires: str) -> str:
    """Method, MD5, type, expiry, the amz headers, the resource."""
    token = [unquote(v, "latin-1") for name, v in split_query(asked.query) if name == TOKEN]
    headers = {**asked.headers, TOKEN: token[0]} if token else asked.headers
    amz = sorted(name for name in headers if name.startswith("x-amz-"))
    return "\n".join(
        (
            asked.method,
            headers.get("content-md5", "").strip(),
            headers.get("content-type", "").strip(),
            expires,
            *(f"{name}:{headers[name].strip()}" for name in amz),
            asked.path + _sub_resources(asked.query),
        )
    )


def _sub_resources(query: str) -> str:
    parts = [part.split("=", 1) for part in query.split("&") if part]
    signed = sorted(part for part in parts if part[0] in _SUB_RESOURCES)
    texts = ["=".join((part[0], *(unquote(v, "latin-1") for v in part[1:]))) for part in signed]
    return "?" + "&".join(texts) if texts else ""
