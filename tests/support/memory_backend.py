"""A compute backend without processes: instances change phase when a test says so."""

from dataclasses import replace

from argosy.ground.instances import Instance, InstanceSpec, InstanceState, Phase


class MemoryBackend:
    """Implements `argosy.compute.base.Backend`; launched instances serve at once if asked to."""

    def __init__(self, *, serve_at_once: bool = True) -> None:
        self.serve_at_once = serve_at_once
        self.instances: dict[str, Instance] = {}
        self.log: list[str] = []

    async def launch(self, spec: InstanceSpec) -> None:
        self.log.append(f"launch {spec.variant}")
        phase = Phase.IN_SERVICE if self.serve_at_once else Phase.STARTING
        state = InstanceState(phase=phase, addresses=(f"unix:/{spec.instance_id}",))
        self.instances[spec.instance_id] = Instance(spec=spec, state=state)

    async def stop(self, instance_id: str) -> None:
        self.log.append("stop")
        self.become(instance_id, Phase.GONE)

    async def kill(self, instance_id: str) -> None:
        self.become(instance_id, Phase.GONE)

    async def list(self) -> list[Instance]:
        return [*self.instances.values()]

    async def forget(self, instance_id: str) -> None:
        self.instances.pop(instance_id, None)

    async def prepare(self, runtime: str, more: int = 0) -> None:
        self.log.append(f"prepare {runtime}")

    def become(self, instance_id: str, phase: Phase, reason: str = "") -> None:
        instance = self.instances[instance_id]
        state = replace(instance.state, phase=phase, reason=reason)
        self.instances[instance_id] = replace(instance, state=state)

    def only(self) -> Instance:
        (instance,) = self.instances.values()
        return instance
