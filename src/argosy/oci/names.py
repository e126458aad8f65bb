"""Names of repositories, tags and digests, and whose they are. Pure.

Sources: ECR's service model, the OCI distribution specification ("Pulling manifests").
"""

import hashlib
import re
from typing import NamedTuple

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

_LONGEST_REPOSITORY = 256


class Owner(NamedTuple):
    """Whose repositories: each account has its own in each region."""

    account: str
    region: str


def is_repository(text: str) -> bool:
    return 2 <= len(text) <= _LONGEST_REPOSITORY and _REPOSITORY.fullmatch(text) is not None


def is_tag(text: str) -> bool:
    return _TAG.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """SHA-256 only: no other algorithm is in use."""
    return _DIGEST.fullmatch(text) is not None


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
