"""Names of images in requests: which of this platform's repositories a caller means."""

from argosy.oci import references
from argosy.oci.names import Owner
from argosy.services.registry import Call


def reference(call: Call, image: str) -> references.Reference | None:
    """What is meant; None when it is not in this platform's registry."""
    caller = Owner(call.caller.account, call.caller.region)
    hosts = references.hosts_of(
        call.settings.port, call.host, f"{call.settings.host}:{call.settings.port}"
    )
    return references.parse(image, caller, hosts)
