"""The reconciler against real records, a real feed with no edge, and a backend in memory."""

import asyncio
from collections.abc import Collection, Iterable
from pathlib import Path

import pytest
from tests.support.control_builders import STORE, component, deployment, document, host
from tests.support.memory_backend import MemoryBackend

from argosy.control import launching
from argosy.control.asynchronous.plans import QueuePlan
from argosy.control.feed import Feed
from argosy.control.reconciler import Reconciler
from argosy.ground.clock import ManualClock
from argosy.ground.files import read_json
from argosy.ground.instances import Phase
from argosy.ground.settings import Settings
from argosy.state.database import open_database
from argosy.state.records import Record, Records


class World:
    """One endpoint named `e` and everything that reconciles it."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.engine = open_database(folder / "argosy.db")
        self.records = Records(self.engine)
        self.backend = MemoryBackend()
        self.routes = folder / "routes.json"
        self.settings = Settings()
        self.restart()

    def restart(self) -> None:
        """A control that remembers nothing."""
        self.reconciler = Reconciler(
            self.records,
            self.backend,
            Feed(self.routes, lambda metrics: None),
            self.clock,
            {},
            lambda place, launch, now: launching.spec_for(place, launch, self.settings, STORE, now),
            self.settings,
            self,
        )

    def take(self, plans: Iterable[QueuePlan], alive: Collection[str]) -> None:
        """What asynchronous endpoints there are matters to other tests."""

    def create(self, doc: dict, status: str) -> None:
        self.records.create("endpoint", "1", "us-east-1", "e", doc, now=1.0, status=status)

    def create_component(self, name: str, **counts: int) -> None:
        doc = dict(component(name, pending=deployment(f"d-{name}", **counts)))
        where = ("inference-component", "1", "us-east-1", name)
        self.records.create(*where, doc, now=1.0, status="Creating")

    def component(self, name: str) -> Record | None:
        return self.records.get("inference-component", "1", "us-east-1", name)

    def endpoint(self) -> Record | None:
        return self.records.get("endpoint", "1", "us-east-1", "e")

    def reconcile(self, times: int = 1) -> None:
        for _ in range(times):
            asyncio.run(self.reconciler.activate())

    def routed(self) -> list[list[str]]:
        entry = read_json(self.routes)["endpoints"]["1/us-east-1/e"]
        return [[i["id"] for i in variant["instances"]] for variant in entry["variants"]]


@pytest.fixture
def world(tmp_path: Path):
    world = World(tmp_path)
    yield world
    world.engine.dispose()


def test_an_endpoint_comes_into_service_once_its_instances_are_routed(world: World) -> None:
    world.create(document(pending=deployment(A=2, B=1)), "Creating")

    world.reconcile(2)

    assert world.endpoint().status == "InService"
    assert [len(ids) for ids in world.routed()] == [2, 1]


def test_a_new_control_adopts_the_instances_that_serve(world: World) -> None:
    world.create(document(pending=deployment(A=2)), "Creating")
    world.reconcile(2)
    before = set(world.backend.instances)

    world.restart()
    world.reconcile(2)

    assert set(world.backend.instances) == before
    assert world.endpoint().status == "InService"


def test_a_dead_instance_leaves_the_table_and_is_replaced(world: World) -> None:
    world.create(document(pending=deployment(A=1)), "Creating")
    world.reconcile(2)
    dead = world.backend.only().spec.instance_id

    world.backend.become(dead, Phase.GONE)
    world.clock.advance(1)
    world.reconcile(2)

    ((replacement,),) = world.routed()
    assert replacement != dead


def test_an_update_routes_the_new_fleet_before_the_old_one_is_stopped(world: World) -> None:
    world.create(document(pending=deployment("d-1")), "Creating")
    world.reconcile(2)
    old = world.backend.only().spec.instance_id
    doc = {**world.endpoint().document, "pending": deployment("d-2")}
    world.records.update(world.endpoint(), now=2.0, document=doc, status="Updating")
    seen = []
    stop = world.backend.stop

    async def watched_stop(instance_id: str) -> None:
        seen.append((instance_id, world.routed()))
        await stop(instance_id)

    world.backend.stop = watched_stop
    world.reconcile(3)

    ((stopped, routed_then),) = seen
    assert stopped == old
    assert old not in routed_then[0]
    assert len(routed_then[0]) == 1
    assert world.endpoint().document["live"]["config_name"] == "config-d-2"


def test_a_deleted_endpoint_goes_when_its_last_instance_has_gone(world: World) -> None:
    world.create(document(pending=deployment(A=2)), "Creating")
    world.reconcile(2)

    world.records.update(world.endpoint(), now=2.0, status="Deleting")
    world.reconcile(3)

    assert world.endpoint() is None
    assert world.backend.instances == {}
    assert read_json(world.routes)["endpoints"] == {}


def test_instances_of_an_endpoint_that_is_not_there_are_stopped_and_forgotten(
    world: World,
) -> None:
    world.create(document(pending=deployment()), "Creating")
    world.reconcile(2)
    world.records.delete_all()

    world.reconcile(2)

    assert world.backend.instances == {}


def test_an_image_that_nobody_can_run_fails_with_a_sentence_that_lists_what_can(
    world: World,
) -> None:
    pending = deployment()
    pending["models"]["m"]["PrimaryContainer"]["Image"] = "busybox"
    world.create(document(pending=pending), "Creating")

    world.reconcile(2)

    assert world.endpoint().status == "Failed"
    assert "busybox" in world.endpoint().document["failure_reason"]
    assert "sagemaker-scikit-learn" in world.endpoint().document["failure_reason"]


def test_warm_workers_are_asked_for_runtimes_in_use(world: World) -> None:
    world.create(document(pending=deployment()), "Creating")

    world.reconcile()

    assert "prepare sklearn" in world.backend.log


def test_a_components_copies_are_instances_of_its_own_that_come_and_go(world: World) -> None:
    world.create(document(live=host()), "InService")
    world.create_component("one", A=2)
    world.create_component("two", A=1)
    world.reconcile(2)
    routed, copies = world.routed(), list(world.backend.instances.values())

    world.records.update(world.component("one"), now=2.0, status="Deleting")
    world.reconcile(3)

    assert [len(ids) for ids in routed] == [2, 1]
    assert {(i.spec.owner, i.spec.log_group) for i in copies} == {
        (f"inference-component/{name}", f"/aws/sagemaker/InferenceComponents/{name}")
        for name in ("one", "two")
    }
    assert world.component("one") is None
    assert [i.spec.owner for i in world.backend.instances.values()] == ["inference-component/two"]
    assert world.component("two").status == "InService"
