"""The porter: a process beside an instance's model that pulls work and carries payloads.

It fetches from the store, asks the model, writes to the store and tells control, which keeps the
book (`link`). It dies with its agent, which starts another one when it dies (`agent.porting`). What
is pulled is a matter of its kind (`kinds`); no payload is ever held whole.
"""
