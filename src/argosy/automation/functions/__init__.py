"""How functions of Lambda are run: execution environments, and who gets which.

It knows no permissions, aliases and queues: it is handed a version and a payload.
"""
