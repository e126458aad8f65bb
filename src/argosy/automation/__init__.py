"""What happens by itself: functions, their queue, events and schedules, the gateway.

    Automation       all of it: start, stop, reset

Beside `control` and as blind to it as it is to this: what the two must tell each other goes through
rows in `state`, or through something callable that `api/process.py` hands in.
"""

from argosy.automation.whole import Automation

__all__ = ["Automation"]
