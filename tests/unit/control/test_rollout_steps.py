"""How updates move traffic by steps, played through with a fleet that comes up at once."""

import json
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.control_builders import NOW, REGION, deployment, document, instance

from argosy.control.rollout import Signals, decide
from argosy.control.rollout.sharing import active, fleets_of
from argosy.ground.instances import Instance, Phase
from argosy.state.endpoints import EndpointDocument
from argosy.state.rollouts import Rollout, Step, new_rollout


def step(share: float, wait: float = 60.0) -> Step:
    return {"share": share, "wait": wait, "waits": "WaitIntervalInSeconds"}


CANARY = [step(0.1), step(1.0, 30.0)]
LINEAR = [step(0.25), step(0.5), step(0.75), step(1.0, 0.0)]
AT_ONCE = [step(1.0, 30.0)]
HALVES = [step(0.5), step(1.0)]


@dataclass
class World:
    """An endpoint with an old and a new fleet, and what the decider does to it."""

    rollout: Rollout
    count: int = 4
    now: float = NOW
    states: dict[str, str] = field(default_factory=dict)
    complaint: str = ""
    new_comes_up: bool = True
    old_comes_up: bool = True
    status: str = "Updating"
    seen: list[tuple[float, int, int]] = field(default_factory=list)
    """Every (share, old instances, new instances) that there was, without repetitions."""

    def __post_init__(self) -> None:
        old, new = deployment("d-old", A=self.count), deployment("d-new", A=self.count)
        self.document: EndpointDocument = {**document(old, new), "rollout": self.rollout}
        self.instances = [self.one("d-old") for _ in range(self.count)]

    def one(self, owner: str, variant: str = "A") -> Instance:
        self.number = getattr(self, "number", 0) + 1
        comes_up = self.new_comes_up if owner == "d-new" else self.old_comes_up
        if comes_up:
            return instance(
                id=f"i-{self.number}", deployment=owner, variant=variant, created=self.now
            )
        return instance(
            Phase.FAILED, id=f"i-{self.number}", deployment=owner, created=self.now, reason="boom"
        )

    def look(self) -> float | None:
        """One pass; returns when it wants to be woken."""
        signals = Signals(alarms=self.states, complaint=self.complaint)
        plan = decide(self.status, self.document, REGION, self.instances, self.now, signals=signals)
        self.status, self.document = plan.status, plan.document
        gone = {*plan.stop, *plan.forget}
        self.instances = [i for i in self.instances if i.spec.instance_id not in gone]
        self.instances += [
            self.one(launch.deployment["id"], launch.variant) for launch in plan.launch
        ]
        self.note()
        return plan.wake_at

    def note(self) -> None:
        rollout = self.document.get("rollout")
        share = rollout["share"] if rollout else -1.0
        point = (share, self.serving("d-old"), self.serving("d-new"))
        if not self.seen or self.seen[-1] != point:
            self.seen.append(point)

    def serving(self, owner: str) -> int:
        return len([i for i in self.instances if i.in_service and i.spec.deployment == owner])

    def settle(self, seconds: float = 0.0) -> None:
        """So many seconds go by, with as many passes as it takes."""
        end = self.now + seconds
        for _ in range(200):
            before = self.status, self.document, list(self.instances)
            wake = self.look()
            if before != (self.status, self.document, self.instances):
                continue  # a change rings the doorbell
            if wake is None or wake > end:
                if self.now == end:
                    return
                wake = end
            self.now = max(self.now, wake)
        raise AssertionError(f"it does not come to rest: {self.seen}")

    def kill(self, owner: str, served: bool = True) -> None:
        """An instance of that fleet dies."""
        victim = next(i for i in self.instances if i.alive and i.spec.deployment == owner)
        dead = replace(victim.state, phase=Phase.FAILED, reason="it died")
        if not served:
            dead = replace(dead, in_service_since=0.0)
        self.instances.remove(victim)
        self.instances.append(Instance(spec=victim.spec, state=dead))

    @property
    def serves(self) -> str:
        live = self.document["live"]
        assert live is not None
        return live["id"]

    @property
    def phase(self) -> str:
        rollout = self.document.get("rollout")
        return rollout["phase"] if rollout else ""


def world(steps: list[Step], **options: object) -> World:
    made = {name: options.pop(name) for name in list(options) if name in World.__annotations__}
    return World(new_rollout(steps, NOW, **options), **made)  # type: ignore[arg-type]


HAPPY = {
    "all at once": (AT_ONCE, False, 30, [(0.0, 4, 4), (1.0, 4, 4), (-1.0, 0, 4)]),
    "canary": (CANARY, False, 90, [(0.0, 4, 4), (0.1, 4, 4), (1.0, 4, 4), (-1.0, 0, 4)]),
    "linear": (
        LINEAR,
        False,
        180,
        [(0.0, 4, 4), (0.25, 4, 4), (0.5, 4, 4), (0.75, 4, 4), (1.0, 4, 4), (-1.0, 0, 4)],
    ),
    "rolling": (
        HALVES,
        True,
        120,
        [(0.0, 4, 2), (0.5, 4, 2), (0.5, 2, 2), (0.5, 2, 4), (1.0, 2, 4), (-1.0, 0, 4)],
    ),
}


@pytest.mark.parametrize("case", HAPPY)
def test_a_good_version_takes_over_step_by_step(case: str) -> None:
    steps, rolling, lasts, seen = HAPPY[case]
    made = world(steps, rolling=rolling)

    made.settle(lasts - 1)
    assert (made.status, made.serves, made.phase) == ("Updating", "d-old", "baking")
    made.settle(1)

    assert (made.status, made.serves) == ("InService", "d-new")
    assert made.document["pending"] is None
    assert made.document["failure_reason"] == ""
    assert made.seen == seen


@pytest.mark.parametrize("steps", [AT_ONCE, CANARY, LINEAR])
def test_an_alarm_in_a_bake_gives_all_traffic_back_at_once(steps: list[Step]) -> None:
    made = world(steps, alarms=["high", "low"])
    made.states = {"high": "OK", "low": "INSUFFICIENT_DATA"}
    made.settle(10)
    assert made.phase == "baking"

    made.states = {"high": "ALARM", "low": "OK"}
    made.look()

    assert (made.status, made.serves, made.serving("d-new")) == ("InService", "d-old", 0)
    assert made.document["failure_reason"].endswith("ALARM: high.")


def test_an_alarm_in_alarm_from_the_start_keeps_all_traffic_from_the_new_fleet() -> None:
    made = world(CANARY, alarms=["high"])
    made.states = {"high": "ALARM"}

    made.settle(100)

    assert (made.status, made.serves) == ("InService", "d-old")
    assert max(share for share, _, _ in made.seen) == 0.0


@pytest.mark.parametrize("rolling", [False, True])
def test_a_deployment_that_takes_too_long_is_rolled_back(rolling: bool) -> None:
    made = world([step(0.5, 700.0), step(1.0)], timeout=600.0, rolling=rolling)

    made.settle(599)
    assert made.phase == "baking"
    made.settle(1)
    made.settle(1)

    assert (made.status, made.serves) == ("InService", "d-old")
    assert "MaximumExecutionTimeoutInSeconds (600)" in made.document["failure_reason"]


@pytest.mark.parametrize("rolling", [False, True])
def test_a_version_that_never_starts_has_no_traffic_at_all(rolling: bool) -> None:
    made = world(HALVES, rolling=rolling, new_comes_up=False)

    made.settle(100)

    assert (made.status, made.serves, made.serving("d-old")) == ("InService", "d-old", 4)
    assert made.document["failure_reason"] == "boom"
    assert max(share for share, _, _ in made.seen) <= 0.0


def test_one_death_in_a_bake_has_it_begin_again() -> None:
    made = world(CANARY)
    made.settle(50)

    made.kill("d-new")
    made.settle(59)
    assert made.document["rollout"]["step"] == 0, "60 s from the death on"
    made.settle(1)

    assert made.document["rollout"]["step"] == 1
    assert made.serving("d-new") == 4


@pytest.mark.parametrize("rolling", [False, True])
def test_a_version_that_dies_again_and_again_in_a_bake_is_rolled_back(rolling: bool) -> None:
    made = world(HALVES, rolling=rolling)
    made.settle(10)

    for _ in range(2):
        made.kill("d-new")
        made.settle(10)

    assert (made.status, made.serves, made.serving("d-old")) == ("InService", "d-old", 4)
    assert "2 instances of the new fleet died" in made.document["failure_reason"]
    assert "it died" in made.document["failure_reason"]


def test_a_guard_that_is_violated_rolls_back_with_its_words() -> None:
    made = world(CANARY, guards=["p99<100ms"])
    made.settle(10)

    made.complaint = "p99 is 212 ms, not < 100 ms."
    made.look()

    assert (made.status, made.serves) == ("InService", "d-old")
    assert made.document["failure_reason"].endswith("p99 is 212 ms, not < 100 ms.")


def test_a_rolling_update_goes_back_in_batches_of_its_own_size() -> None:
    quarters = [step(0.25), step(0.5), step(0.75), step(1.0)]
    made = world(quarters, rolling=True, alarms=["high"], return_batch=0.25)
    made.settle(130)
    assert (made.document["rollout"]["share"], made.serving("d-old")) == (0.75, 2)
    made.seen.clear()

    made.states = {"high": "ALARM"}
    made.look()
    assert made.status == "RollingBack"
    made.settle(1)

    assert (made.status, made.serves) == ("InService", "d-old")
    shares = [share for share, _, _ in made.seen]
    assert sorted(set(shares), reverse=True) == [0.75, 0.5, 0.25, -1.0]
    assert all(old + new >= 4 for _, old, new in made.seen), made.seen
    assert made.serving("d-old") == 4


def test_a_rollback_that_fails_leaves_both_fleets_serving() -> None:
    made = world(HALVES, rolling=True, alarms=["high"])
    made.settle(65)
    assert (made.serving("d-old"), made.serving("d-new")) == (2, 4)

    made.states, made.old_comes_up = {"high": "ALARM"}, False
    made.settle(20)

    assert made.status == "UpdateRollbackFailed"
    assert "high" in made.document["failure_reason"]
    assert "boom" in made.document["failure_reason"]
    assert (made.serving("d-old"), made.serving("d-new")) == (2, 4)
    serving = [i for i in made.instances if i.in_service]
    assert [fleet.share for fleet in fleets_of(made.document, serving)] == [0.0, 1.0]


def test_an_instance_of_a_mixed_fleet_that_dies_is_replaced() -> None:
    made = world(HALVES, rolling=True, alarms=["high"])
    made.settle(65)
    made.states, made.old_comes_up = {"high": "ALARM"}, False
    made.settle(20)

    made.kill("d-new")
    made.settle(1)

    assert (made.status, made.serving("d-new")) == ("UpdateRollbackFailed", 4)


def test_somebodys_wish_rolls_back_whatever_there_is() -> None:
    made = world(CANARY)
    made.settle(10)

    made.document["rollout"]["stop_reason"] = "argosy rollout --rollback"
    made.look()

    assert (made.status, made.serves) == ("InService", "d-old")
    assert made.document["failure_reason"] == "argosy rollout --rollback"


def test_a_decider_that_remembers_nothing_goes_on_where_it_was() -> None:
    made = world(LINEAR)
    made.settle(70)
    made.document = json.loads(json.dumps(made.document))  # what a restart finds on disk
    assert (made.document["rollout"]["step"], made.phase) == (1, "baking")
    made.settle(110)

    assert (made.status, made.serves) == ("InService", "d-new")


def test_a_clock_that_was_set_back_does_not_prolong_a_bake_by_more_than_itself() -> None:
    made = world(CANARY)
    made.settle(59)

    made.now -= 3600
    made.look()
    made.settle(90)

    assert (made.status, made.serves) == ("InService", "d-new")


def test_a_clock_that_was_set_forward_does_not_shorten_a_bake() -> None:
    made = world(CANARY)
    made.settle(10)
    plan = decide(
        "Updating",
        made.document,
        REGION,
        made.instances,
        made.now + 3600,
        signals=Signals(at=made.now),
    )

    assert plan.document["rollout"] == made.document["rollout"]
    assert plan.wake_at == made.now + 3600 + 50


def test_a_version_with_other_variants_and_counts_takes_over_too() -> None:
    made = world(HALVES, rolling=True)
    made.document["pending"] = deployment("d-new", B=2, C=1)

    made.settle(130)

    assert (made.status, made.serves) == ("InService", "d-new")
    kept = sorted(i.spec.variant for i in made.instances if i.in_service)
    assert [i.spec.deployment for i in made.instances] == ["d-new"] * len(made.instances)
    assert len(kept) == 3


@given(count=st.integers(1, 9), percent=st.integers(5, 50), back=st.integers(5, 100))
def test_a_rolling_update_always_keeps_its_capacity_there_and_back(
    count: int, percent: int, back: int
) -> None:
    shares = [n * percent / 100 for n in range(1, 100) if n * percent < 100]
    steps = [step(share) for share in (*shares, 1.0)]
    there = world(steps, rolling=True, count=count)
    back_again = world(
        steps, rolling=True, count=count, alarms=["high"], return_batch=back / 100, timeout=None
    )

    there.settle(60 * len(steps))
    back_again.settle(60 * len(steps) - 30)
    back_again.states = {"high": "ALARM"}
    back_again.settle(60)

    assert (there.status, there.serves) == ("InService", "d-new")
    assert (back_again.status, back_again.serves) == ("InService", "d-old")
    assert (there.serving("d-new"), back_again.serving("d-old")) == (count, count)
    for made in (there, back_again):
        assert all(old + new >= count for _, old, new in made.seen), made.seen


# -- who has traffic


def shared(share: float, old: int = 4, new: int = 4) -> list[tuple[float, int, int]]:
    """(share, instances with traffic, instances that pull) of both fleets."""
    rollout = {**new_rollout(CANARY, NOW), "share": share}
    made: EndpointDocument = {
        **document(deployment("d-old", A=4), deployment("d-new", A=4)),
        "rollout": rollout,  # type: ignore[typeddict-item]
    }
    serving = [instance(id=f"o-{n}", deployment="d-old") for n in range(old)]
    serving += [instance(id=f"n-{n}", deployment="d-new") for n in range(new)]
    return [(one.share, len(one.instances), len(active(one))) for one in fleets_of(made, serving)]


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.0, [(1.0, 4, 4)]),
        (0.1, [(0.9, 4, 4), (0.1, 1, 1)]),
        (0.5, [(0.5, 4, 2), (0.5, 2, 2)]),
        (1.0, [(0.0, 4, 0), (1.0, 4, 4)]),
    ],
)
def test_the_new_fleets_share_is_carried_by_as_much_of_its_capacity(
    share: float, expected: list[tuple[float, int, int]]
) -> None:
    assert shared(share) == expected


def test_a_fleet_without_anybody_has_no_traffic() -> None:
    assert [share for share, _, _ in shared(0.5, new=0)] == [1.0, 0.0]
    assert [share for share, _, _ in shared(0.5, old=0)] == [0.0, 1.0]
