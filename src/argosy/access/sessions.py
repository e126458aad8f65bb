"""Temporary credentials: an access key that ends, and a token that says whose it is.

    issue(root, said, now=…, seconds=…)      a Session: ASIA… key, secret, token, end
    opened(token, secret_of, now)            the Opened session of a token that came with a request

Nothing is remembered: the token names the root key that vouches for it and is signed with that
key's secret, and the session's own secret follows from both. So every edge can check one alone,
and all sessions end when the root key is changed. A token holds no secret, but is one with a key.

Forms and lifetimes: reference/security.md §3.
"""

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from argosy.access.errors import AuthError, Failure

_PURPOSE = b"argosy session token 1\n"
_SECRET = b"argosy session secret 1\n"
_CHECK = b"argosy session key id 1\n"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_LONGEST = 16_384


@dataclass(frozen=True)
class RootKey:
    """The key that vouches for sessions."""

    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Said:
    """Whom a session stands for."""

    account: str
    arn: str
    """arn:aws:sts::A:assumed-role/ROLE/NAME, or what the caller was before."""
    user_id: str
    role: str = ""
    """ARN of the role; "" when none was assumed."""
    policy: str = ""
    """A session policy: what may be done at most."""
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Session:
    """Temporary credentials as they are given out; `expiration` in epoch seconds."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: float


@dataclass(frozen=True)
class Opened:
    """A session whose token was found true."""

    root: str
    """Id of the key that vouches for it."""
    key_id: str
    secret: str = field(repr=False)
    ends: float
    said: Said


def issue(root: RootKey, said: Said, *, now: float, seconds: float) -> Session:
    """A new session of this lifetime."""
    first = "ASIA" + "".join(secrets.choice(_LETTERS) for _ in range(10))
    key_id = first + _check_letters(root, first)
    ends = int(now + seconds)
    text = json.dumps([root.key_id, key_id, ends, asdict(said)], separators=(",", ":")).encode()
    token = _encode(hmac.digest(root.secret.encode(), _PURPOSE + text, "sha256") + text)
    return Session(key_id, _secret(root.secret, text), token, ends)


def opened(token: str, secret_of: Callable[[str], str | None], now: float) -> Opened:
    """What a token says; `secret_of` a root key's id is None for keys that are not there.

    Raises AuthError: BAD_TOKEN when it is none of ours, OVER when its time is.
    """
    if len(token) > _LONGEST:
        raise AuthError(Failure.BAD_TOKEN)
    whole = _decode(token)
    signature, text = whole[:32], whole[32:]
    root, key_id, ends, said = _read(text)
    secret = secret_of(root)
    if secret is None:
        raise AuthError(Failure.BAD_TOKEN)
    expected = hmac.digest(secret.encode(), _PURPOSE + text, "sha256")
    if not hmac.compare_digest(signature, expected):
        raise AuthError(Failure.BAD_TOKEN)
    if now >= ends:
        raise AuthError(Failure.OVER)
    said["tags"] = tuple((str(name), str(value)) for name, value in said["tags"])
    return Opened(root, key_id, _secret(secret, text), ends, Said(**said))


def is_ours(root: RootKey, key_id: str) -> bool:
    """Whether the id is that of a session that this root key vouches for, over or not."""
    first, last = key_id[:14], key_id[14:]
    return first.startswith("ASIA") and hmac.compare_digest(
        _check_letters(root, first).encode(), last.encode()
    )


def _check_letters(root: RootKey, first: str) -> str:
    digest = hmac.digest(root.secret.encode(), _CHECK + first.encode(), "sha256")
    return "".join(_LETTERS[byte & 31] for byte in digest[:6])


def _secret(root_secret: str, text: bytes) -> str:
    digest = hmac.digest(root_secret.encode(), _SECRET + text, "sha256")
    return base64.b64encode(digest)[:40].decode()


def _read(text: bytes) -> tuple[str, str, int, dict[str, Any]]:
    try:
        root, key_id, ends, said = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        raise AuthError(Failure.BAD_TOKEN) from None
    if not (isinstance(root, str) and type(ends) is int and isinstance(said, dict)):
        raise AuthError(Failure.BAD_TOKEN)
    return root, str(key_id), ends, said


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise AuthError(Failure.BAD_TOKEN) from None
