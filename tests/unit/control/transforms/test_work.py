"""One job's objects dealt out to porters: each position once, whoever dies on the way."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.control.transforms.work import GRACE_S, MISSED_S, JobWork
from argosy.state import transform_book
from argosy.state.database import StorageError, open_database
from argosy.state.transactions import Transactions
from argosy.state.transform_book import Listing, ObjectRow, TransformBook

MB = 1 << 20
NOW = 1000.0


class FakePorter:
    """What the hub hands to a desk; keeps what it is sent."""

    def __init__(self, instance: str, holding: list[str] | None = None) -> None:
        self.instance = instance
        self.hello = {"instance": instance, "holding": holding or []}
        self.sent: list[dict[str, Any]] = []
        self.closed = False

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.closed = True

    @property
    def tasks(self) -> list[dict[str, Any]]:
        return [task for message in self.sent for task in message.get("tasks", ())]

    @property
    def acked(self) -> list[str]:
        return [key for message in self.sent for key in message.get("acked", ())]


class World:
    """A job over a database; `restart` forgets what is only in memory."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_database(folder / "argosy.db")
        self.book = TransformBook(Transactions(self.engine))
        self.count, self.content_type, self.stumbles = 2, "text/csv", 0
        self.compression = "None"

    def restart(self, now: float = NOW) -> JobWork:
        asked = {
            "TransformInput": {
                "ContentType": self.content_type,
                "SplitType": "Line",
                "CompressionType": self.compression,
            },
            "TransformOutput": {"S3OutputPath": "s3://out/o"},
            "TransformResources": {"InstanceCount": self.count},
        }
        listing = self.book.listing("d-1")
        if listing is None:
            listing = Listing(bucket="in", base="rows/")
            self.book.begin("d-1", listing)
        self.work = JobWork("d-1", asked, listing, self.book, lambda: None, self._stumbled, now)
        return self.work

    def begin(self, *sizes: int) -> JobWork:
        """A new job that works on objects of these sizes."""
        work = self.restart()
        work.settle([], [], NOW)
        rows = [
            ObjectRow(seq=seq, key=f"rows/{seq}.csv", size=size, etag=f"e{seq}")
            for seq, size in enumerate(sizes)
        ]
        work.listed(rows, "", complete=True)
        return work

    def _stumbled(self, work: JobWork, error: BaseException) -> None:
        self.stumbles += 1
        work.disconnect()
        if not isinstance(error, StorageError):
            raise error

    async def join(self, instance: str, *holding: str, wants: int = 1) -> FakePorter:
        porter = FakePorter(instance, list(holding))
        self.work.joined(porter)  # type: ignore[arg-type]
        await self.tell(porter, {"want": wants})
        return porter

    async def tell(self, porter: FakePorter, *messages: dict[str, Any]) -> None:
        for message in messages:
            self.work.told(porter, message)  # type: ignore[arg-type]
        await asyncio.sleep(0)

    def progress(self) -> dict[str, Any]:
        return dict(self.work.ledger.progress)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.engine.dispose()


def scenario(steps: Callable[[World], Awaitable[None]]) -> Callable[[World], None]:
    """A test whose steps run on a loop."""

    def test(world: World) -> None:
        asyncio.run(steps(world))  # type: ignore[arg-type]

    test.__name__ = steps.__name__
    return test


def opened(task: dict[str, Any], **more: Any) -> dict[str, Any]:
    said = {"task": task["id"], "object": task["object"], "upload_id": "u", **more}
    return {"opened": said, "key": f"o{task['id']}"}


def piece(task: dict[str, Any], start: int, end: int, **more: Any) -> dict[str, Any]:
    said = {
        "task": task["id"],
        "object": task["object"],
        "start": start,
        "end": end,
        "kind": "part",
        "number": task["number"],
        "etag": "e",
        "bytes": 10,
        "records": 5,
        **more,
    }
    return {"piece": said, "key": f"p{task['id']}@{start}"}


def finished(task: dict[str, Any], whole: bool = False, **more: Any) -> dict[str, Any]:
    said = {
        "task": task["id"],
        "object": task["object"],
        "records": 5,
        "bytes_in": 1,
        "bytes_out": 10,
        "whole": whole,
        **more,
    }
    return {"finished": said, "key": f"f{task['id']}"}


def failed(task: dict[str, Any], reason: str, *, final: bool, **more: Any) -> dict[str, Any]:
    said = {"task": task["id"], "object": task["object"], "reason": reason, "final": final, **more}
    return {"failed": said, "key": f"x{task['id']}"}


def assembled(task: dict[str, Any]) -> dict[str, Any]:
    return {"assembled": {"task": task["id"], "object": task["object"]}, "key": f"a{task['id']}"}


@scenario
async def test_a_small_object_is_done_whole_by_one_instance(world: World) -> None:
    world.begin(1000)
    porter = await world.join("i-1")
    (task,) = porter.tasks

    await world.tell(porter, finished(task, whole=True))

    assert (task["task"], task["whole"], task["start"], task["end"]) == ("run", True, 0, None)
    assert task["input"] == "s3://in/rows/0.csv"
    assert task["output"] == "s3://out/o/0.csv.out"
    assert porter.acked == [f"f{task['id']}"]
    assert world.work.view(cleared=False).done
    assert world.progress() == {
        "objects": 1,
        "objects_done": 1,
        "objects_failed": 0,
        "bytes_total": 1000,
        "bytes_done": 1000,
        "bytes_out": 10,
        "rows": 5,
    }


@scenario
async def test_tiny_objects_go_out_many_at_a_time_but_not_all_to_one(world: World) -> None:
    world.begin(*[10] * 1000)
    one, other = await world.join("i-1"), await world.join("i-2")
    assert (len(one.tasks), len(other.tasks)) == (64, 64)

    await world.tell(one, {"many": [finished(task, whole=True) for task in one.tasks]})

    assert len(one.acked) == 64
    assert world.progress()["objects_done"] == 64


@scenario
async def test_a_large_object_is_opened_shared_and_assembled_in_order(world: World) -> None:
    world.begin(40 * MB)
    one = await world.join("i-1")
    other = await world.join("i-2", wants=2)
    assert [task["task"] for task in one.tasks + other.tasks] == ["open"]

    await world.tell(one, opened(one.tasks[0]), {"want": 1})
    done = {"i-1": 1, "i-2": 0}
    while not world.work.view(cleared=False).done:
        for porter in (one, other):
            for task in porter.tasks[done[porter.instance] :]:
                done[porter.instance] += 1
                reports = [assembled(task)] if task["task"] == "assemble" else run_of(task)
                await world.tell(porter, *reports, {"want": 1})

    (last,) = [task for task in one.tasks + other.tasks if task["task"] == "assemble"]
    numbers = [one["number"] for one in last["pieces"]]
    places = [(one["start"], one["end"]) for one in last["pieces"]]
    assert numbers == sorted(set(numbers))
    assert all(a[1] < b[0] < b[1] for a, b in itertools.pairwise(places))
    assert world.progress()["bytes_done"] == 40 * MB


def run_of(task: dict[str, Any]) -> list[dict[str, Any]]:
    """Reports of a run whose last byte makes no output."""
    return [piece(task, task["start"], task["end"] - 1), finished(task)]


@scenario
async def test_what_a_dead_instance_had_goes_on_from_its_last_piece(world: World) -> None:
    world.begin(40 * MB)
    one = await world.join("i-1")
    await world.tell(one, opened(one.tasks[0]), {"want": 1})
    run = one.tasks[1]
    middle = run["start"] + 2 * MB
    await world.tell(one, piece(run, run["start"], middle))

    world.work.left(one, NOW)  # type: ignore[arg-type]
    world.work.settle([], [], NOW)
    other = await world.join("i-2")

    again = other.tasks[0]
    assert (again["start"], again["upload_id"], again["whole"]) == (middle, "u", False)
    assert again["number"] > run["number"]


@scenario
async def test_an_instance_that_only_lost_its_connection_keeps_what_it_has(world: World) -> None:
    world.begin(1000)
    one = await world.join("i-1")
    (task,) = one.tasks
    other = await world.join("i-2")
    world.work.left(one, NOW)  # type: ignore[arg-type]
    world.work.settle(["i-1"], ["i-1"], NOW + 1)
    assert other.tasks == []

    again = await world.join("i-1", task["id"])
    await world.tell(again, finished(task, whole=True))

    assert other.tasks == []
    assert world.work.view(cleared=False).done


@scenario
async def test_an_instance_that_stays_away_loses_what_it_has(world: World) -> None:
    world.begin(1000)
    one = await world.join("i-1")
    (task,) = one.tasks
    other = await world.join("i-2")
    world.work.left(one, NOW)  # type: ignore[arg-type]
    world.work.settle(["i-1"], ["i-1"], NOW + MISSED_S + 1)

    late = await world.join("i-1", task["id"])
    await world.tell(late, finished(task, whole=True))

    assert other.tasks[0]["object"] == 0
    assert late.tasks == [{"task": "abandon", "ids": [task["id"]]}]
    assert late.acked == [f"f{task['id']}"]
    assert world.progress()["objects_done"] == 0


@scenario
async def test_a_new_porter_of_an_instance_holds_nothing(world: World) -> None:
    world.begin(1000)
    await world.join("i-1")
    again = await world.join("i-1")
    assert again.tasks[0]["object"] == 0


@scenario
async def test_after_a_restart_control_waits_for_those_who_hold_something(world: World) -> None:
    world.begin(1000, 1000)
    one = await world.join("i-1")
    (task,) = one.tasks

    world.restart()
    world.work.settle(["i-1", "i-2"], ["i-1", "i-2"], NOW)
    other = await world.join("i-2")
    nothing = list(other.tasks)
    again = await world.join("i-1", task["id"], wants=0)
    world.work.settle(["i-1", "i-2"], ["i-1", "i-2"], NOW)
    await world.tell(again, finished(task, whole=True))
    await world.tell(other, finished(other.tasks[0], whole=True), {"want": 1})

    assert nothing == []
    assert [one["object"] for one in other.tasks] == [1]
    assert world.work.view(cleared=False).done


@scenario
async def test_control_waits_only_so_long_for_the_lost(world: World) -> None:
    world.begin(1000)
    await world.join("i-1")

    world.restart()
    other = await world.join("i-2")
    world.work.settle(["i-1", "i-2"], ["i-1", "i-2"], NOW + GRACE_S + 1)

    assert [one["object"] for one in other.tasks] == [0]


@scenario
async def test_a_restart_goes_on_with_what_pieces_cover(world: World) -> None:
    world.begin(40 * MB)
    one = await world.join("i-1")
    await world.tell(one, opened(one.tasks[0]), {"want": 1})
    run = one.tasks[1]
    await world.tell(one, piece(run, run["start"], run["end"]), finished(run))

    world.restart()
    world.work.settle([], [], NOW)
    other = await world.join("i-2")

    assert other.tasks[0]["start"] == run["end"]
    assert world.progress()["rows"] == 5


@scenario
async def test_a_piece_counts_only_once_and_only_of_its_holder(world: World) -> None:
    world.begin(40 * MB)
    one = await world.join("i-1")
    other = await world.join("i-2", wants=0)
    await world.tell(one, opened(one.tasks[0]), {"want": 1})
    run = one.tasks[1]
    told = piece(run, run["start"], run["end"])

    await world.tell(other, told)
    await world.tell(one, told, told)

    assert len(world.book.pieces("d-1", 0)) == 1
    assert world.progress()["rows"] == 5
    assert len(other.acked) == 1


@scenario
async def test_an_object_that_cannot_succeed_fails_alone_and_says_which_records(
    world: World,
) -> None:
    world.begin(1000, 1000)
    one = await world.join("i-1", wants=2)
    first, second = one.tasks
    await world.tell(
        one,
        failed(
            first, "ClientError: 400: no number", final=True, **{"from_record": 3, "to_record": 7}
        ),
        finished(second, whole=True),
    )

    view = world.work.view(cleared=False)
    assert view.done
    assert view.failure == (
        "ClientError: See job logs for more information. 1 of 2 objects failed.\n"
        "in/rows/0.csv, records 3 to 7: 400: no number"
    )
    assert world.restart().view(cleared=False).failure == view.failure


@scenario
async def test_a_job_that_no_instance_can_do_fails_as_a_whole(world: World) -> None:
    world.begin(1000)
    one = await world.join("i-1", wants=0)
    reason = "ClientError: DataProcessing needs CSV"
    await world.tell(
        one, {"failed": {"task": None, "reason": reason, "final": True}, "key": "ready"}
    )

    assert world.work.view(cleared=False).failure == reason
    assert one.acked == ["ready"]


@scenario
async def test_those_who_work_on_a_failed_object_are_called_back(world: World) -> None:
    world.begin(40 * MB)
    one = await world.join("i-1")
    other = await world.join("i-2")
    await world.tell(one, opened(one.tasks[0]), {"want": 1})
    mine, theirs = one.tasks[1], other.tasks[0]

    await world.tell(one, failed(mine, "ClientError: 400: bad", final=True))

    assert other.tasks[-1] == {"task": "abandon", "ids": [theirs["id"]]}
    assert world.work.view(cleared=False).done


@scenario
async def test_what_may_work_elsewhere_is_tried_again_but_not_for_ever(world: World) -> None:
    world.begin(1000)
    one = await world.join("i-1")
    tries = 0
    while len(one.tasks) > tries:
        tries = len(one.tasks)
        task = one.tasks[-1]
        away = failed(task, "InternalServerError: The store is away", final=False)
        await world.tell(one, away, {"want": 1})

    assert tries == 5
    failure = world.work.view(cleared=False).failure
    assert failure.startswith("InternalServerError: See job logs")
    assert "The store is away (5 attempts)" in failure


@scenario
async def test_an_object_that_kills_instances_is_given_up(world: World) -> None:
    world.begin(1000)
    for number in range(5):
        porter = await world.join(f"i-{number}")
        assert len(porter.tasks) == 1
        world.work.left(porter, NOW)  # type: ignore[arg-type]
        world.work.settle([], [], NOW)

    assert "An instance died while it worked on it" in world.work.view(cleared=False).failure


@scenario
async def test_an_upload_that_cannot_be_completed_is_done_again_from_the_beginning(
    world: World,
) -> None:
    world.begin(1000)
    one = await world.join("i-1")
    run = one.tasks[0]
    await world.tell(one, opened(run), piece(run, 0, 500), finished(run), {"want": 1})
    for _ in range(3):
        task = one.tasks[-1]
        assert task["task"] == "assemble"
        await world.tell(one, failed(task, "no such upload", final=False), {"want": 1})

    again = one.tasks[-1]
    assert (again["task"], again["start"], again["whole"]) == ("run", 0, True)
    assert world.book.pieces("d-1", 0) == []
    assert world.progress()["rows"] == 0


@scenario
async def test_row_groups_of_a_parquet_file_are_shared_once_they_are_counted(world: World) -> None:
    world.content_type = "application/x-parquet"
    world.begin(40 * MB)
    one = await world.join("i-1")
    other = await world.join("i-2")
    await world.tell(one, opened(one.tasks[0], upload_id=None, units=4), {"want": 1})

    assert [(t["start"], t["end"]) for t in (*one.tasks[1:], *other.tasks)] == [(0, 1), (1, 2)]


@scenario
async def test_a_compressed_object_is_one_instance_s_and_goes_on_behind_its_pieces(
    world: World,
) -> None:
    world.compression = "Gzip"
    world.begin(40 * MB)
    one = await world.join("i-1", wants=2)
    (run,) = one.tasks
    await world.tell(one, opened(run), piece(run, 0, 90 * MB))
    world.work.left(one, NOW)  # type: ignore[arg-type]
    world.work.settle([], [], NOW)
    other = await world.join("i-2")
    (again,) = other.tasks
    await world.tell(other, finished(again), {"want": 1})

    assert (again["start"], again["end"], again["number"]) == (90 * MB, None, 2)
    assert other.tasks[-1]["task"] == "assemble"
    assert world.progress()["bytes_done"] == 0


@scenario
async def test_nothing_is_acknowledged_that_the_disk_did_not_take(world: World) -> None:
    world.begin(1000)
    one = await world.join("i-1")
    (task,) = one.tasks

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world.book, "finish", full)
        await world.tell(one, finished(task, whole=True))
    world.restart()
    again = await world.join("i-1", task["id"])
    world.work.settle(["i-1"], ["i-1"], NOW)
    await world.tell(again, finished(task, whole=True))

    assert (world.stumbles, one.acked, one.closed) == (1, [], True)
    assert again.acked == [f"f{task['id']}"]
    assert world.progress()["rows"] == 5


@scenario
async def test_a_job_that_is_closed_gives_nothing_out_and_calls_all_back(world: World) -> None:
    work = world.begin(1000, 1000)
    one = await world.join("i-1")
    work.close()
    late = await world.join("i-2")
    await world.tell(one, finished(one.tasks[0], whole=True), {"want": 1})

    assert one.tasks[-1] == {"task": "abandon"}
    assert late.tasks == [{"task": "abandon"}]
    assert world.book.totals("d-1").done == 0


@scenario
async def test_a_great_many_objects_are_never_all_in_memory(world: World) -> None:
    work = world.begin()
    for page in range(6):
        rows = [
            ObjectRow(seq=page * 1000 + n, key=f"rows/{page}-{n}", size=10, etag="")
            for n in range(1000)
        ]
        work.listed(rows, "", complete=page == 5)
    one = await world.join("i-1")
    done = 0
    while len(one.tasks) > done:
        group, done = one.tasks[done:], len(one.tasks)
        await world.tell(one, {"many": [finished(t, whole=True) for t in group]}, {"want": 1})
        assert len(work.ledger.worked) <= 64

    assert work.view(cleared=False).done
    assert world.progress()["objects_done"] == 6_000
    assert world.book.totals("d-1").done == 6_000
    while world.book.listing("d-1") is not None:
        world.book.delete("d-1")
    assert world.book.with_state("d-1", transform_book.DONE) == []
