"""The reconciler of machines: records on one side, a backend without processes on the other."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.memory_backend import MemoryBackend

from argosy.access.roles import RoleSessions
from argosy.access.sessions import RootKey
from argosy.control.machines.ec2 import KEPT_S, Ec2Instances
from argosy.control.machines.notebooks import Notebooks
from argosy.control.machines.reconciler import MachineReconciler
from argosy.control.means import Means
from argosy.ground.clock import ManualClock
from argosy.ground.instances import InstanceSpec, Phase, StoreAccess
from argosy.ground.machines import CREDENTIALS_FILE, INSIDE, JUPYTER, MachineSpec
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.messaging import Messaging
from argosy.state import ec2_instances as ec2
from argosy.state import machines, notebooks
from argosy.state.database import open_database
from argosy.state.events import EventOutbox
from argosy.state.notebooks import LIFECYCLE, NOTEBOOK
from argosy.state.record import Record
from argosy.state.records import Records
from argosy.telemetry.metrics import MetricStore

NOW = 1_700_000_000.0
MINE = ("1", "r", "one")


class World:
    """A reconciler, what it reads and what it acts on."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(NOW)
        self.data_dir = DataDir.at(folder)
        self.data_dir.create()
        self.engine = open_database(self.data_dir.database)
        self.records = Records(self.engine)
        self.backend = MemoryBackend(serve_at_once=False)
        means = Means(
            self.records,
            Settings(),
            self.data_dir,
            self.clock,
            StoreAccess(url="", region="", access_key_id="", secret_access_key=""),
            Messaging(self.records, self.clock),
            MetricStore(self.records.transactions, self.clock),
            sessions=RoleSessions(self.records, self.clock, RootKey("AKIAROOT", "secret")),
            backend=self.backend,
        )
        self.reconciler = MachineReconciler(means, (Notebooks(), Ec2Instances()))

    def look(self, times: int = 1) -> None:
        async def passes() -> None:
            for _ in range(times):
                await self.reconciler.activate()
                await asyncio.gather(*self.reconciler._removals.values())

        asyncio.run(passes())

    def notebook(self, **asked: Any) -> None:
        given = {"RoleArn": "arn:aws:iam::1:role/x", "VolumeSizeInGB": 7, **asked}
        document = dict(notebooks.new_notebook("arn:one", given, NOW))
        self.records.create(NOTEBOOK, *MINE, document, now=NOW, status="Pending")

    def found(self, kind: str = NOTEBOOK) -> Record:
        record = self.records.get(kind, *MINE)
        assert record is not None
        return record

    def become(self, phase: Phase, reason: str = "") -> None:
        self.backend.become(self.spec.instance_id, phase, reason)

    @property
    def spec(self) -> InstanceSpec:
        return self.backend.only().spec

    @property
    def machine(self) -> MachineSpec:
        assert self.spec.machine is not None
        return self.spec.machine


@pytest.fixture
def world(tmp_path: Path) -> Any:
    made = World(tmp_path)
    yield made
    made.engine.dispose()


def test_a_start_has_the_scripts_as_they_are_now_and_the_roles_credentials(world: World) -> None:
    encoded = base64.b64encode(b"echo 1").decode()
    config = {"arn": "arn:config", "on_create": "", "on_start": encoded}
    world.records.create(LIFECYCLE, "1", "r", "config", config, now=NOW)
    world.notebook(LifecycleConfigName="config")

    world.look()

    [script] = world.machine.scripts
    assert (script.name, script.text, script.stream) == (
        "OnStart",
        "echo 1",
        "one/LifecycleConfigOnStart",
    )
    assert script.late.startswith("Notebook Instance Lifecycle Config 'arn:config' for Notebook")
    assert "took longer than 5 minutes" in script.late
    assert world.machine.credentials["AccessKeyId"].startswith("ASIA")
    assert world.machine.file_gb == 7
    assert world.spec.owner == "notebook-instance/one"


def test_an_on_create_that_comes_after_the_creation_is_not_run(world: World) -> None:
    encoded = base64.b64encode(b"echo 1").decode()
    config = {"arn": "arn:config", "on_create": encoded, "on_start": encoded}
    world.records.create(LIFECYCLE, "1", "r", "config", config, now=NOW)
    world.notebook()
    world.look()
    world.become(Phase.IN_SERVICE)
    world.look()
    document = machines.ending(world.found().document, NOW)
    world.records.update(world.found(), now=NOW, document=document, status="Stopping")
    world.look(2)

    document = machines.started(world.found().document, NOW)
    document["asked"]["LifecycleConfigName"] = "config"
    world.records.update(world.found(), now=NOW, document=document, status="Pending")
    world.look()

    assert [script.name for script in world.machine.scripts] == ["OnStart"]


def test_it_goes_from_pending_to_in_service_and_to_stopped(world: World) -> None:
    world.notebook()
    world.look()
    world.become(Phase.IN_SERVICE)
    world.look()
    assert world.found().status == "InService"

    document = machines.ending(world.found().document, NOW)
    world.records.update(world.found(), now=NOW, document=document, status="Stopping")
    world.look(2)

    assert world.found().status == "Stopped"
    assert world.backend.instances == {}
    told = EventOutbox(world.records.transactions).after(0)
    assert [one.detail["NotebookInstanceStatus"] for one in told] == ["InService", "Stopped"]


def test_a_failure_says_why_and_leaves_no_instance(world: World) -> None:
    world.notebook()
    world.look()
    world.become(Phase.FAILED, "OnStart failed")
    world.look()

    assert world.found().status == "Failed"
    assert world.found().document["failure_reason"] == "OnStart failed"
    assert world.backend.instances == {}


def test_deleting_takes_the_volume_and_the_record(world: World) -> None:
    world.notebook()
    name = world.found().document["machine"]["id"]
    (world.data_dir.volumes / name).mkdir()
    (world.data_dir.volumes / f"{name}.OnCreate").touch()
    world.records.update(world.found(), now=NOW, status="Deleting")

    world.look(2)

    assert world.records.get(NOTEBOOK, *MINE) is None
    assert list(world.data_dir.volumes.iterdir()) == []


def test_credentials_are_renewed_before_they_end_and_not_all_the_time(world: World) -> None:
    world.notebook()
    world.look()
    world.become(Phase.IN_SERVICE)
    inside = world.data_dir.instance(world.spec.instance_id) / INSIDE
    inside.mkdir(parents=True)
    path = inside / CREDENTIALS_FILE
    path.write_text(json.dumps(world.machine.credentials))
    world.look()
    assert json.loads(path.read_text()) == world.machine.credentials

    world.clock.advance(7 * 3600)
    world.look()

    assert json.loads(path.read_text())["Expiration"] > world.machine.credentials["Expiration"]


def test_a_wish_for_jupyterlab_is_handed_over(world: World) -> None:
    world.notebook()
    world.look()
    world.become(Phase.IN_SERVICE)
    inside = world.data_dir.instance(world.spec.instance_id) / INSIDE
    inside.mkdir(parents=True)
    machine = {**world.found().document["machine"], "wish": "w-1"}
    document = {**world.found().document, "machine": machine}
    world.records.update(world.found(), now=NOW, document=document)

    world.look()

    assert (inside.parent / JUPYTER).read_text() == "w-1"


def test_an_instance_of_a_record_that_is_gone_is_stopped_and_forgotten(world: World) -> None:
    world.notebook()
    world.look()
    world.records.delete(NOTEBOOK, *MINE)

    world.look(2)

    assert world.backend.instances == {}


def ec2_instance(world: World, behaviour: str = "stop") -> None:
    asked = {"InstanceType": "t", "VolumeSize": 8, "InstanceInitiatedShutdownBehavior": behaviour}
    document = ec2.new_document(
        NOW, asked=asked, reservation="r-1", index=0, token="", user_data="", role="", tags=[]
    )
    world.records.create(ec2.EC2_INSTANCE, *MINE, dict(document), now=NOW, status="pending")


@pytest.mark.parametrize(("behaviour", "ends"), [("stop", "stopped"), ("terminate", "terminated")])
def test_an_ec2_instance_that_switched_itself_off_ends_as_it_was_told_to(
    world: World, behaviour: str, ends: str
) -> None:
    ec2_instance(world, behaviour)
    world.look()
    world.become(Phase.DONE)

    world.look(3)

    record = world.found(ec2.EC2_INSTANCE)
    assert record.status == ends
    assert record.document["reason"][0] == "Client.InstanceInitiatedShutdown"


def test_a_terminated_instance_is_forgotten_after_an_hour(world: World) -> None:
    ec2_instance(world)
    ec2.change(world.records, world.found(ec2.EC2_INSTANCE), ec2.TERMINATE, NOW)
    world.look(2)
    assert world.found(ec2.EC2_INSTANCE).status == "terminated"

    world.clock.advance(KEPT_S + 1)
    world.look()

    assert world.records.get(ec2.EC2_INSTANCE, *MINE) is None
