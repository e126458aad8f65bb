"""Whole jobs: real records, a real book and store, instances and porters that only pretend."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.memory_backend import MemoryBackend
from tests.support.tiny_store import TinyStore, tiny_store

from argosy.control.transforms import placing
from argosy.control.transforms.desk import TransformDesk
from argosy.control.transforms.diary import Diary
from argosy.control.transforms.reconciler import TransformReconciler
from argosy.ground.clock import ManualClock
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.services.sagemaker.transform_view import filled
from argosy.state.database import open_database
from argosy.state.record import Record
from argosy.state.records import Records
from argosy.state.transform_jobs import TRANSFORM_JOB, new_job

OWNER = ("000000000000", "us-east-1")
MODEL = {"PrimaryContainer": {"Image": "sagemaker-scikit-learn:1.2-1-cpu-py3"}}


class Porter:
    """Does whatever it is given at once: the output is the input's name."""

    def __init__(self, spec: Any, desk: TransformDesk, store: TinyStore) -> None:
        self.instance = spec.instance_id
        self.hello = {
            "instance": spec.instance_id,
            "owner": spec.owner,
            "account": spec.account,
            "region": spec.region,
            "work": {"kind": "transform"},
            "holding": [],
        }
        self._desk, self._store = desk, store
        self.abandoned = self.idle = False

    def send(self, message: dict[str, Any]) -> None:
        for task in message.get("tasks", ()):
            if task["task"] == "abandon":
                self.abandoned = True
            elif not self.idle:
                asyncio.get_running_loop().call_soon(self._do, task)

    def close(self) -> None:
        self.abandoned = True

    def _do(self, task: dict[str, Any]) -> None:
        name = task["input"].rpartition("/")[2]
        done = {"task": task["id"], "object": task["object"]}
        if "bad" in name:
            reason = {"reason": "ClientError: 400: bad", "final": True}
            self._tell({"failed": {**done, **reason}, "key": "x"})
        else:
            self._store.put(task["output"].removeprefix("s3://"), name.encode())
            ends = {"records": 1, "bytes_in": 1, "bytes_out": len(name), "whole": True}
            self._tell({"finished": {**done, **ends}, "key": "f"})
        self._tell({"want": 1})

    def _tell(self, message: dict[str, Any]) -> None:
        self._desk.told(self, message)  # type: ignore[arg-type]

    def begin(self) -> None:
        self._desk.joined(self)  # type: ignore[arg-type]
        limits = {
            "MaxConcurrentTransforms": 3,
            "MaxPayloadInMB": 6,
            "BatchStrategy": "MULTI_RECORD",
        }
        self._tell({"ready": limits})
        self._tell({"want": 1})


class World:
    """One job named `j`, and all that reconciles it."""

    def __init__(self, folder: Path, store: TinyStore) -> None:
        self.clock = ManualClock()
        self.engine = open_database(folder / "argosy.db")
        self.records = Records(self.engine)
        self.store, self.backend = store, MemoryBackend()
        self.settings = Settings(data_dir=str(folder))
        self.data_dir = DataDir.at(folder)
        self.porters: dict[str, Porter] = {}
        self.idle = False
        store.buckets |= {"in", "out"}

    def create(self, uri: str, kind: str = "S3Prefix", **members: Any) -> None:
        asked = filled(
            {
                "TransformJobName": "j",
                "ModelName": "m",
                "TransformInput": {
                    "DataSource": {"S3DataSource": {"S3DataType": kind, "S3Uri": uri}},
                    "SplitType": "Line",
                },
                "TransformOutput": {"S3OutputPath": "s3://out/o"},
                "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 2},
                **members,
            }
        )
        document = dict(new_job("j", "arn", "d-1", asked, MODEL, self.clock.now()))
        now = self.clock.now()
        self.records.create(TRANSFORM_JOB, *OWNER, "j", document, now=now, status="InProgress")

    @property
    def record(self) -> Record:
        found = self.records.get(TRANSFORM_JOB, *OWNER, "j")
        assert found is not None
        return found

    async def run(self, until: Callable[[], bool]) -> None:
        """Reconcile until it is so; porters come with their instances."""
        access = self.store.access
        self.desk = TransformDesk(
            self.records,
            access,
            self.clock,
            lambda: None,
            lambda record: Diary(record, self.data_dir, self.settings),
        )
        reconciler = TransformReconciler(
            self.records,
            self.backend,
            self.desk,
            self.clock,
            lambda record, launch, now: placing.spec_for(
                record, launch, self.settings, access, now
            ),
            engine=False,
        )
        async with asyncio.timeout(60):
            while not until():
                await reconciler.activate()
                self._start_porters()
                await asyncio.sleep(0.005)
        await reconciler.activate()
        await self.desk.stop()

    def _start_porters(self) -> None:
        for instance in self.backend.instances.values():
            spec = instance.spec
            if instance.in_service and self._lacks_porter(spec.instance_id):
                porter = Porter(spec, self.desk, self.store)
                porter.idle = self.idle
                self.porters[spec.instance_id] = porter
                porter.begin()

    def _lacks_porter(self, instance: str) -> bool:
        porter = self.porters.get(instance)
        return porter is None or porter.abandoned

    def over(self) -> bool:
        return self.record.status in ("Completed", "Failed", "Stopped")

    def outputs(self) -> dict[str, bytes]:
        return {path: body for path, body in self.store.objects.items() if path[:4] == "out/"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with tiny_store() as store:
        world = World(tmp_path, store)
        yield world
        world.engine.dispose()


def scenario(steps: Callable[[World], Awaitable[None]]) -> Callable[[World], None]:
    """A test whose steps run on a loop."""

    def test(world: World) -> None:
        asyncio.run(steps(world))  # type: ignore[arg-type]

    test.__name__ = steps.__name__
    return test


@scenario
async def test_every_object_below_the_prefix_gets_an_output(world: World) -> None:
    for key in ("rows/a.csv", "rows/deep/b.csv", "rowsandmore", "other"):
        world.store.put(f"in/{key}", b"1")
    world.store.put("in/rows/folder/", b"")
    world.create("s3://in/rows/")
    await world.run(world.over)

    assert world.record.status == "Completed"
    assert world.outputs() == {"out/o/a.csv.out": b"a.csv", "out/o/deep/b.csv.out": b"b.csv"}
    assert world.record.document["progress"]["rows"] == 2
    assert world.record.document["resolved"]["MaxConcurrentTransforms"] == 3
    assert world.backend.instances == {}


@scenario
async def test_a_manifest_names_the_objects_and_what_is_missing_fails(world: World) -> None:
    for key in ("rows/a.csv", "rows/b.csv", "rows/c.csv"):
        world.store.put(f"in/{key}", b"1")
    manifest = [{"prefix": "s3://in/rows/"}, "a.csv", "b.csv", "a.csv", "gone.csv"]
    world.store.put("in/manifest", json.dumps(manifest).encode())
    world.create("s3://in/manifest", "ManifestFile")
    await world.run(world.over)

    assert world.record.status == "Failed"
    assert "in/rows/gone.csv" in world.record.document["failure_reason"]
    assert "1 of 3 objects" in world.record.document["failure_reason"]
    assert sorted(world.outputs()) == ["out/o/a.csv.out", "out/o/b.csv.out"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "does not exist"),
        (b"{", "is not a JSON list"),
        (b"[]", "is not a JSON list"),
        (b'["a.csv"]', "is not a JSON list"),
        (b'[{"prefix": "https://x/"}, "a"]', "is not a JSON list"),
        (b'[{"prefix": "s3://in/"}, 3]', "is not a JSON list"),
        (b'[{"prefix": "s3://in/"}]', "No S3 objects found"),
    ],
)
def test_a_manifest_that_cannot_be_used_fails_the_job(
    world: World, content: bytes | None, told: str
) -> None:
    if content is not None:
        world.store.put("in/manifest", content)
    world.create("s3://in/manifest", "ManifestFile")
    asyncio.run(world.run(world.over))

    assert world.record.status == "Failed"
    reason = world.record.document["failure_reason"]
    assert reason.startswith("ClientError: ")
    assert told in reason
    assert "s3://in/manifest" in reason


@pytest.mark.parametrize(
    ("uri", "output", "told"),
    [
        ("s3://in/nothing/", "s3://out/o", "No S3 objects found under s3://in/nothing/"),
        ("s3://gone/rows/", "s3://out/o", "The bucket gone does not exist"),
        ("s3://in/rows/", "s3://vanished/o", "The bucket vanished does not exist"),
    ],
)
def test_places_that_are_not_there_fail_the_job_by_name(
    world: World, uri: str, output: str, told: str
) -> None:
    world.store.put("in/rows/a.csv", b"1")
    world.create(uri, TransformOutput={"S3OutputPath": output})
    asyncio.run(world.run(world.over))

    assert world.record.status == "Failed"
    assert told in world.record.document["failure_reason"]
    assert world.backend.log == []


@scenario
async def test_outputs_among_the_inputs_are_not_taken_for_inputs(world: World) -> None:
    for number in range(1500):
        world.store.put(f"in/rows/{number:04}.csv", b"1")
    world.create("s3://in/rows/", TransformOutput={"S3OutputPath": "s3://in/rows/zz"})
    await world.run(world.over)

    assert world.record.document["progress"]["objects_done"] == 1500
    assert len(world.store.objects) == 3000


@scenario
async def test_a_stop_leaves_no_upload_and_no_temporary_object_and_all_else(world: World) -> None:
    world.idle = True
    world.store.put("in/rows/a.csv", b"1")
    world.store.put("out/o/_temporary/d-1/0/x", b"1")
    world.store.put("out/o/_temporary/other/x", b"1")
    world.store.put("out/o/kept", b"1")
    world.store.uploads["u1"] = ("out/o/a.csv.out", {1: b"1"})
    world.store.uploads["u2"] = ("out/o/not-the-jobs", {1: b"1"})
    world.create("s3://in/rows/")
    await world.run(lambda: bool(world.porters) and world.desk.reports()[0]["objects"] == 1)
    now = world.clock.now()
    world.records.update(world.record, now=now, status="Stopping")
    await world.run(world.over)

    assert world.record.status == "Stopped"
    assert sorted(world.outputs()) == ["out/o/_temporary/other/x", "out/o/kept"]
    assert list(world.store.uploads) == ["u2"]
    assert world.backend.instances == {}


@scenario
async def test_captured_data_is_named_in_manifests(world: World) -> None:
    for key in ("a.csv", "bad.csv"):
        world.store.put(f"in/rows/{key}", b"1")
    world.create("s3://in/rows/", DataCaptureConfig={"DestinationS3Uri": "s3://out/captured"})
    await world.run(world.over)

    found = {p: json.loads(b) for p, b in world.outputs().items() if "captured" in p}
    assert list(found.values()) == [
        [{"prefix": "s3://in/"}, "rows/a.csv"],
        [{"prefix": "s3://out/"}, "o/a.csv.out"],
    ]
    assert [path.split("/")[2] for path in found] == ["input", "output"]


@scenario
async def test_a_control_that_begins_anew_finishes_the_job(world: World) -> None:
    for number in range(50):
        world.store.put(f"in/rows/{number}.csv", b"1")
    world.create("s3://in/rows/")
    await world.run(lambda: bool(world.porters))
    for porter in world.porters.values():
        porter.abandoned = True
    await world.run(world.over)

    assert world.record.status == "Completed"
    assert len(world.outputs()) == 50
    assert world.record.document["progress"]["objects_done"] == 50


@scenario
async def test_instances_are_told_of_the_job_and_of_its_limits(world: World) -> None:
    world.idle = True
    world.store.put("in/rows/a.csv", b"1")
    world.create(
        "s3://in/rows/",
        MaxPayloadInMB=2,
        BatchStrategy="SingleRecord",
        Environment={"COLOUR": "red"},
        ModelClientConfig={"InvocationsTimeoutInSeconds": 30},
    )
    await world.run(lambda: bool(world.porters))

    spec = next(iter(world.backend.instances.values())).spec
    assert spec.container.environment == {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "2",
        "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD",
        "COLOUR": "red",
    }
    assert spec.owner == "transform-job/j"
    assert spec.log_group == "/aws/sagemaker/TransformJobs"
    assert spec.log_stream == f"j/{spec.instance_id}-{int(world.clock.now() * 1000)}"
    assert spec.model_timeout_s == 30.0
    assert spec.work is not None
    assert spec.work["job"]["TransformInput"]["CompressionType"] == "None"
    assert spec.work["job"]["name"] == "j"
