"""Events on their way: from the outbox to the rules that want them, to schedules, to targets.

routing      outbox → rules → deliveries      one transaction a group, with how far was read
ticking      timers that are due → deliveries one transaction a timer
delivering   deliveries → targets             one transaction each, or an operation that is asked

What a target is given is decided when the event is routed (`ground/input_templates`); how often it
is tried again by `retrying`; `dead_letters` has what cannot be delivered.
"""
