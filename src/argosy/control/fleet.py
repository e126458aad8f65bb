"""The instances of one variant of one deployment, as the backend lists them. Pure."""

from collections import Counter
from dataclasses import dataclass

from argosy.ground.instances import Instance, Phase
from argosy.ground.names import zones_of
from argosy.state.endpoints import Deployment


@dataclass(frozen=True)
class Fleet:
    """A variant's instances, sorted into those that stay, serve, and are dead."""

    members: tuple[Instance, ...]

    @property
    def staying(self) -> list[Instance]:
        """Alive and not on their way out."""
        return [i for i in self.members if i.alive and i.state.phase is not Phase.STOPPING]

    @property
    def serving(self) -> list[Instance]:
        return [i for i in self.members if i.in_service]

    @property
    def dead(self) -> list[Instance]:
        return [i for i in self.members if not i.alive]

    @property
    def misfit(self) -> Instance | None:
        """A dead instance that never came into service and said why."""
        for instance in self.dead:
            if instance.state.phase is Phase.FAILED and not instance.state.in_service_since:
                return instance
        return None

    def surplus(self, count: int) -> list[Instance]:
        """Whom to stop so that `count` stay: first those not serving, then the fullest zone's."""
        staying = list(self.staying)
        leaving = []
        while len(staying) > count:
            leaving.append(_most_expendable(staying))
            staying.remove(leaving[-1])
        return leaving

    def emptiest_zone(self, region: str, taken: list[str]) -> str:
        """The zone with the fewest instances, counting `taken` (zones of launches under way)."""
        held = Counter(i.spec.zone for i in self.staying) + Counter(taken)
        return min(zones_of(region), key=lambda zone: held[zone])


def _most_expendable(instances: list[Instance]) -> Instance:
    zones = Counter(i.spec.zone for i in instances)
    return max(instances, key=lambda i: (not i.in_service, zones[i.spec.zone], i.spec.created))


def fleet_of(deployment: Deployment, variant: str, instances: list[Instance]) -> Fleet:
    """The fleet of one variant among an endpoint's instances."""
    return Fleet(
        tuple(
            i
            for i in instances
            if i.spec.deployment == deployment["id"] and i.spec.variant == variant
        )
    )
