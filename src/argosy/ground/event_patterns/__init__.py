"""Event patterns: which events somebody wants, as EventBridge writes it. Pure.

    pattern = parse('{"source": ["aws.s3"], "detail": {"size": [{"numeric": [">", 0]}]}}')
    pattern.matches(loads(event))

All names of a pattern must be in the event and fit; of the values that a name has, one is enough;
what a pattern does not name does not matter. Used for rules, for TestEventPattern and for the
filters of event source mappings. Sources: reference/automation.md §2; Amazon EventBridge User
Guide, "Event patterns" and "Comparison operators". It refuses what is no pattern with BadPattern.
"""

from argosy.ground.event_patterns.comparing import BadPattern
from argosy.ground.event_patterns.pattern import EventPattern, parse
from argosy.ground.event_patterns.values import loads

__all__ = ["BadPattern", "EventPattern", "loads", "parse"]
