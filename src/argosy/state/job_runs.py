"""The instances that a training or a processing job has at one time, as its document tells them."""

from typing import TypedDict


class JobRun(TypedDict):
    """What is the same for both kinds."""

    id: str
    hosts: list[str]
    """algo-1, algo-2, …"""
    streams: list[str]
    """Names of the log streams, one for each host."""
    launched: float
