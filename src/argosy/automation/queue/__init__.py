"""What functions are invoked by when nobody waits: queued events, and queues of SQS.

It decides about attempts, ages and destinations. How a function runs is the engine's affair
(`automation/functions`), what may be queued that of whoever writes to `state/invocations.py`.
"""
