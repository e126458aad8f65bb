"""Asking a component for another number of copies, in its document."""

import copy
from typing import Any

from argosy.ground.names import new_deployment_id
from argosy.state.endpoints import Deployment


def rescale_component(document: dict[str, Any], count: int, now: float) -> None:
    """Ask for that many copies. The first one after none is brought up as a new deployment is:
    when it cannot come up, the component stays without a copy and says why."""
    live: Deployment = document["live"]
    if live["variants"][0]["count"] or not count:
        live["variants"][0]["count"] = count
        return
    pending = copy.deepcopy(live)
    pending["id"], pending["started"] = new_deployment_id(), now
    pending["variants"][0]["count"] = count
    document["pending"] = pending
