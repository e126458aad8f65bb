"""Links that open sessions in a notebook instance's JupyterLab: good for five minutes, and once.

Of a link only its token's digest is kept, in the machine's document. Pure: who writes the document
does so where nobody else does.
"""

import hashlib
import secrets

from argosy.state.machines import Link, Machine

LINK_S = 300
"""A link is good for so long (SageMaker API reference, CreatePresignedNotebookInstanceUrl)."""
MOST_LINKS = 100
"""Links of one instance that are good at a time; the oldest go first."""


def with_link(machine: Machine, session_s: int, now: float) -> tuple[Machine, str]:
    """The machine with another link, and that link's token."""
    token = secrets.token_urlsafe(32)
    link: Link = {"digest": _digest(token), "until": now + LINK_S, "session_s": session_s}
    links = [*_good(machine, now), link][-MOST_LINKS:]
    return {**machine, "links": links}, token


def redeemed(machine: Machine, token: str, now: float) -> tuple[Machine, int]:
    """The machine without that link, and how long its session lasts; 0 for none that is good."""
    digest, links = _digest(token), _good(machine, now)
    session_s = next((one["session_s"] for one in links if one["digest"] == digest), 0)
    return {**machine, "links": [one for one in links if one["digest"] != digest]}, session_s


def _good(machine: Machine, now: float) -> list[Link]:
    return [one for one in machine["links"] if now < one["until"]]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
