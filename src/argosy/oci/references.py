"""Names of images as models write them: which of this platform's repositories is meant. Pure.

ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME[:TAG][@DIGEST] means the repository of that account and
region; HOST:PORT/NAME… means one of the caller's, where HOST:PORT is a name of this platform.
Everything else is somebody else's registry, and not looked at.
"""

import re
from dataclasses import dataclass

from argosy.oci.names import Owner, is_digest, is_repository, is_tag

LATEST = "latest"
_ECR = re.compile(
    r"([0-9]{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)"
)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True)
class Reference:
    """An image of one of our repositories."""

    owner: Owner
    repository: str
    reference: str
    """A digest if one is given, else a tag."""
    base: str
    """The name without tag and digest, as it was written."""


def parse(image: str, caller: Owner, hosts: frozenset[str]) -> Reference | None:
    """What is meant; None when it is not in this platform's registry.

    hosts: `host:port` under which this platform is reached.
    """
    registry, _, rest = image.partition("/")
    owner = _owner(registry, caller, hosts)
    named, _, digest = rest.partition("@")
    repository, colon, tag = named.partition(":")
    if owner is None or not is_repository(repository):
        return None
    reference = digest or (tag if colon else LATEST)
    if not (is_digest(reference) if digest else is_tag(reference)):
        return None
    return Reference(owner, repository, reference, f"{registry}/{repository}")


def hosts_of(port: int, *others: str) -> frozenset[str]:
    """Names of a platform on this machine, and `others` by which it was asked."""
    return frozenset({f"{name}:{port}" for name in _LOOPBACK} | {one for one in others if one})


def _owner(registry: str, caller: Owner, hosts: frozenset[str]) -> Owner | None:
    if registry in hosts:
        return caller
    match = _ECR.fullmatch(registry)
    return Owner(caller.account, match[2]) if match and match[1] == caller.account else None
