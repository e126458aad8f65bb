"""What an instance pulls by itself, besides or instead of being asked by edges.

Plain data: a member of `InstanceSpec`, and how a porter introduces itself to control, over
`DataDir.work_socket`. The kinds of work have their own messages (ARCHITECTURE.md).
"""

from typing import Any, NotRequired, TypedDict

ASYNC = "async"
TRANSFORM = "transform"


class Work(TypedDict):
    """What is to be pulled."""

    kind: str
    """ASYNC or TRANSFORM."""
    concurrency: NotRequired[int]
    """Invocations of the model that may be open at once."""
    job: NotRequired[dict[str, Any]]
    """Of a transform: the members of CreateTransformJob, and what control made of them."""


class Hello(TypedDict):
    """Who a porter is, and what it has in hands from before the connection was lost."""

    instance: str
    owner: str
    account: str
    region: str
    variant: str
    work: Work
    holding: list[str]
