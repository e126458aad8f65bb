"""The agent of a machine: a sandbox that is on until it is told to go.

`life.py` is the story; it knows notebook instances and EC2 instances only as what a `MachineSpec`
says of them.
"""
