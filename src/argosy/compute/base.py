"""What every compute backend offers; one contract suite (tests/contracts) takes each of them."""

from typing import Protocol

from argosy.ground.instances import Instance, InstanceSpec


class Backend(Protocol):
    """Launches and stops instances and says truthfully which there are.

    A backend keeps no memory that would be lost with control: `list` reads the world. Instances
    outlive the process that launched them.
    """

    async def launch(self, spec: InstanceSpec) -> None:
        """Begin to bring up an instance; returns as soon as it is recorded.

        Raises OSError when it cannot even be recorded (disk full).
        """
        ...

    async def stop(self, instance_id: str) -> None:
        """Ask an instance to finish its open requests and go; returns at once. Idempotent."""
        ...

    async def kill(self, instance_id: str) -> None:
        """End an instance now, open requests or not. Idempotent."""
        ...

    async def list(self) -> list[Instance]:
        """Every instance that was launched and not forgotten, dead ones included."""
        ...

    async def forget(self, instance_id: str) -> None:
        """Remove what a dead instance left behind (its folder; not its logs). Idempotent."""
        ...

    async def prepare(self, runtime: str, more: int = 0) -> None:
        """Have warm workers of the runtime ready soon; a hint, bounded by settings.spares and so
        many more (none where that is 0)."""
        ...
