"""What a kind of work has to be, and what it is given."""

from dataclasses import dataclass
from typing import Any, Protocol

from argosy.agent.porter.data_log import DataLog
from argosy.agent.porter.link import Link
from argosy.ground.instances import InstanceSpec
from argosy.ground.settings import Settings


@dataclass(frozen=True)
class Surroundings:
    """All a porter has at hand."""

    spec: InstanceSpec
    addresses: tuple[str, ...]
    """Where the model answers frames, one for each container: requests pass through all."""
    settings: Settings
    link: Link
    log: DataLog


class Job(Protocol):
    """Work of one kind. Its methods are called by different threads."""

    def begin(self) -> None:
        """The link is about to connect."""
        ...

    def holding(self) -> list[str]:
        """Ids of what it works on, so that control does not give it out again."""
        ...

    def told(self, message: dict[str, Any]) -> None:
        """Control said something; called by the link's thread, which it must not hold up."""
        ...

    def finish(self) -> None:
        """Take nothing new, end what is open; returns when that is done."""
        ...
