"""Control: brings about what the records ask for. A reconcile takes no input.

`rollout`, `backoff` and `routes` decide (values in, value out); `reconciler` acts on what they say;
`feed` hands the routing table to the edges. Nothing here answers an API call.
"""

from argosy.control.core import Control

__all__ = ["Control"]
