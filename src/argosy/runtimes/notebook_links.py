"""Links into a notebook instance's JupyterLab: made by the platform, checked beside JupyterLab.

A token says when it ends and how long the session lasts that it opens, and proves both by an HMAC
with the machine's secret.
"""

import hashlib
import hmac


def token_for(secret: str, until: float, session_s: int) -> str:
    """A token that is good until then (epoch seconds)."""
    told = f"{int(until)}.{session_s}"
    return f"{told}.{_proof(secret, told)}"


def session_of(secret: str, token: str, now: float) -> int | None:
    """How long a session lasts that the token opens now, in seconds; None when it opens none."""
    told, _, proof = token.rpartition(".")
    until, _, session = told.partition(".")
    if not hmac.compare_digest(proof.encode(), _proof(secret, told).encode()):
        return None
    return int(session) if now < int(until) else None


def _proof(secret: str, told: str) -> str:
    return hmac.new(secret.encode(), told.encode(), hashlib.sha256).hexdigest()
