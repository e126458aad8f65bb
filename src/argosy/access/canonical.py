"""The canonical forms that Signature Version 4 is calculated over.

Texts are the bytes of the wire read as latin-1, so that what was signed is never re-interpreted.
Source: IAM User Guide, "Create a signed AWS API request".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_from_bytes, unquote_to_bytes

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as far as signatures are concerned."""

    method: str
    path: str
    """As on the wire, still encoded, without the query."""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; the values of a repeated header joined by ","."""


def canonical_request(
    asked: Asked, signed_headers: Iterable[str], payload_hash: str, *, s3: bool
) -> str:
    """The six parts. Headers that are named but absent count as empty.

    S3 paths are taken as they are; for every other service the path is normalised and encoded
    once more. X-Amz-Signature is left out of the query.
    """
    signed = list(signed_headers)
    lines = [f"{name}:{' '.join(asked.headers.get(name, '').split())}" for name in signed]
    return "\n".join(
        (
            asked.method,
            s3_path(asked.path) if s3 else encoded_twice(asked.path),
            canonical_query(asked.query),
            *lines,
            "",
            ";".join(signed),
            payload_hash,
        )
    )


def encoded_twice(path: str) -> str:
    """A wire path without dot segments and empty ones, encoded once more."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    last = "/" if path.endswith("/") and kept else ""
    return quote_from_bytes(f"/{'/'.join(kept)}{last}".encode("latin-1"), safe="/~")


def s3_path(path: str) -> str:
    """A wire path as S3 signs it: each byte encoded in the one canonical way."""
    return quote_from_bytes(unquote_to_bytes(path.encode("latin-1")), safe="/~") or "/"


def canonical_query(query: str) -> str:
    """Pairs sorted by encoded name, then by encoded value; an empty value keeps its "="."""
    pairs = [
        (_encoded(name), _encoded(value))
        for name, value in split_query(query)
        if name != "X-Amz-Signature"
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def split_query(query: str) -> list[tuple[str, str]]:
    """Names and values, still encoded, in the order of the wire."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    return [(name, value) for name, _, value in pairs]


def _encoded(text: str) -> str:
    return quote_from_bytes(unquote_to_bytes(text.encode("latin-1")), safe="~")
