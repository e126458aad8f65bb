"""What to do about one endpoint: its record, its instances and what watches it in, a plan out.

Pure: no clock, no files, no sockets.
"""

from argosy.control.rollout.deciding import decide
from argosy.control.rollout.plan import Launch, Plan, Signals

__all__ = ["Launch", "Plan", "Signals", "decide"]
