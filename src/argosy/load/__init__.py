"""Loads an endpoint honestly and says what it stood.

Requests leave at the moments they are due, whether or not earlier ones were answered, and their
latency counts from that moment: a stalled endpoint cannot hide behind the requests it kept from
being sent (coordinated omission). The generator is a process of its own (`python -m argosy.load`),
so that whoever shows or writes results does not disturb it. Nothing here knows the command line.
"""
