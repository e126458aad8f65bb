"""Links by which a function's or layer's zip can be fetched for ten minutes without a signature.

A link names the zip's digest and when it ends, and is sealed with a secret of this platform.
"""

import hashlib
import hmac
import secrets

from argosy.state.records import AlreadyThere, Records

_KIND = "function-link-secret"
_LIFE_S = 600
PATH = "code"
"""What stands in the place of a function URL's id; such ids are longer."""


def link_path(records: Records, digest: str, now: float) -> str:
    """The path and query below `ground.doors.FUNCTION_URL`."""
    ends = int(now) + _LIFE_S
    return f"{PATH}/{digest}?ends={ends}&seal={_seal(records, digest, str(ends))}"


def is_sealed(records: Records, digest: str, ends: str, seal: str, now: float) -> bool:
    """Whether a link was given out here and has not ended."""
    if not ends.isdecimal() or len(ends) > 12 or int(ends) < now:
        return False
    return hmac.compare_digest(_seal(records, digest, ends).encode(), seal.encode())


def _seal(records: Records, digest: str, ends: str) -> str:
    return hmac.new(_secret(records), f"{digest} {ends}".encode(), hashlib.sha256).hexdigest()


def _secret(records: Records) -> bytes:
    record = records.get(_KIND, "", "", "secret")
    if record is None:
        try:
            made = {"secret": secrets.token_hex(32)}
            record = records.create(_KIND, "", "", "secret", made, now=0.0)
        except AlreadyThere:
            return _secret(records)
    return bytes.fromhex(record.document["secret"])
