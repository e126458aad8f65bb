"""What an algorithm finds, by real agents: channels of every mode, its surroundings, its peers."""

import gzip
import json
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xgboost

from argosy.agent.sandbox import probe
from argosy.ground.jobs import PROCESSING, Channel, Upload
from tests.support.endpoints import archive
from tests.support.instances import World, world
from tests.support.jobs import (
    MODEL_KEY,
    container_of,
    done,
    job_of,
    launched,
    ran,
    said,
    script,
    specs_of,
    trained,
    unpacked,
)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    if why_not := probe():
        pytest.skip(why_not)
    with world(tmp_path / "data", sandbox="require") as made:
        yield made


EPOCHS = """
import pathlib
for epoch in range(3):
    data = pathlib.Path(f"/opt/ml/input/data/train_{epoch}").read_bytes()
    pathlib.Path(f"/opt/ml/model/{epoch}").write_bytes(data)
"""


def test_a_piped_channel_gives_all_objects_in_every_epoch(here: World) -> None:
    here.store.put("in/a", gzip.compress(b"one ") + gzip.compress(b"two "))
    here.store.put("in/b", gzip.compress(b"three"))
    channel = Channel(name="train", uri="s3://in/", mode="Pipe", gzip=True)

    outcome = trained(here, EPOCHS, channels=(channel,))

    assert outcome.failure == ""
    assert unpacked(here, MODEL_KEY) == dict.fromkeys("012", b"one two three")


def test_shuffled_epochs_differ_and_hold_the_same(here: World) -> None:
    for number in range(20):
        here.store.put(f"in/{number:02}", f"{number:02} ".encode())
    channel = Channel(name="train", uri="s3://in/", mode="Pipe", shuffle_seed=7)

    trained(here, EPOCHS, channels=(channel,))

    epochs = [data.decode().split() for data in unpacked(here, MODEL_KEY).values()]
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert {tuple(sorted(epoch)) for epoch in epochs} == {tuple(f"{n:02}" for n in range(20))}


def test_a_reader_that_closes_early_finds_the_next_epoch(here: World) -> None:
    here.store.put("in/a", b"x" * (1 << 20))
    code = EPOCHS.replace(".read_bytes()", ".open('rb').read(3)")

    outcome = trained(here, code, channels=(Channel(name="train", uri="s3://in/", mode="Pipe"),))

    assert outcome.failure == ""
    assert unpacked(here, MODEL_KEY) == dict.fromkeys("012", b"xxx")


def test_an_augmented_manifest_gives_its_attributes_as_records(here: World) -> None:
    here.store.put("in/picture", b"pixels")
    line = json.dumps({"source-ref": "s3://in/picture", "label": 4, "other": "no"})
    here.store.put("in/all.jsonl", f"{line}\n".encode())
    channel = Channel(
        name="train",
        uri="s3://in/all.jsonl",
        kind="AugmentedManifestFile",
        attributes=("source-ref", "label"),
        mode="Pipe",
        recordio=True,
    )

    trained(here, EPOCHS, channels=(channel,))

    whole = unpacked(here, MODEL_KEY)["0"]
    magic, length = struct.unpack_from("<II", whole)
    assert (magic, length, whole[8:14], whole[14:16]) == (0xCED7230A, 6, b"pixels", b"\0\0")
    assert whole[16:] == struct.pack("<II", 0xCED7230A, 1) + b"4\0\0\0"


def test_a_pipe_whose_objects_cannot_be_read_ends_the_job(here: World) -> None:
    here.store.put("in/a", b"not gzip")
    channel = Channel(name="train", uri="s3://in/", mode="Pipe", gzip=True)

    outcome = trained(here, "import time\n" + EPOCHS + "\ntime.sleep(999)", channels=(channel,))

    assert outcome.failure.startswith("ClientError: Data download failed (channel train):")
    assert "is not Gzip" in outcome.failure


def test_fast_files_are_there_and_read_only_and_a_manifest_chooses_them(here: World) -> None:
    for name in "abc":
        here.store.put(f"in/deep/{name}", name.encode())
    here.store.put("in/list", json.dumps([{"prefix": "s3://in/"}, "deep/a", "deep/c"]).encode())
    code = """
import os
os.chdir(os.environ["SM_CHANNEL_TRAIN"])
found = sorted(os.listdir("deep"))
try: open("x", "w")
except OSError as error: found.append(error.strerror)
print("found", found)
"""
    channel = Channel(name="train", uri="s3://in/list", kind="ManifestFile", mode="FastFile")

    given = script(here, {"train.py": code})
    name = launched(here, job_of(hyperparameters=given, channels=(channel,)))

    assert done(here, name).failure == ""
    assert "found ['a', 'c', 'Read-only file system']" in said(here, name)


def test_a_frameworks_image_runs_the_entrypoint_of_the_request(here: World) -> None:
    """As the SDK's ModelTrainer has it: bash, absolute paths, Python found inside."""
    here.store.put("in/code/train.py", b"import sklearn, sys; open('made', 'w').write('m')")
    drive = b"set -e\ncd /opt/ml/model\npython3 /opt/ml/input/data/code/train.py\npwd; hostname\n"
    here.store.put("in/drivers/sm_train.sh", drive)
    job = job_of(
        entrypoint=("/bin/bash",),
        arguments=(
            "-c",
            "chmod +x /opt/ml/input/data/sm_drivers/sm_train.sh && "
            "/opt/ml/input/data/sm_drivers/sm_train.sh",
        ),
        channels=(
            Channel(name="code", uri="s3://in/code/"),
            Channel(name="sm_drivers", uri="s3://in/drivers/"),
        ),
    )

    name = launched(here, job)

    assert done(here, name).failure == ""
    assert said(here, name).split()[-2:] == ["/opt/ml/model", "algo-1"]
    assert unpacked(here, MODEL_KEY) == {"made": b"m"}


def test_a_processing_job_has_inputs_and_outputs_wherever_it_wants(here: World) -> None:
    here.store.put("in/data.csv", b"1,2")
    code = "cat /data/raw/data.csv /opt/ml/processing/in/data.csv > /results/both\n"
    code += "echo ok > /opt/ml/output/message\n"
    here.store.put("in2/run.sh", code.encode())
    job = job_of(
        kind=PROCESSING,
        entrypoint=("/bin/sh", "/opt/ml/processing/code/run.sh"),
        arguments=(),
        config={"ProcessingJobName": "job"},
        channels=(
            Channel(name="one", uri="s3://in/data.csv", local_path="/data/raw"),
            Channel(name="two", uri="s3://in/data.csv", local_path="/opt/ml/processing/in"),
            Channel(name="code", uri="s3://in2/run.sh", local_path="/opt/ml/processing/code"),
        ),
        uploads=(Upload(local_path="/results", uri="s3://out/results"),),
    )

    outcome = ran(here, job)

    assert (outcome.failure, outcome.message) == ("", "ok")
    assert here.store.objects["out/results/both"] == b"1,21,2"
    assert [one.uri for one in outcome.uploaded] == ["s3://out/results/both"]


def test_two_hosts_share_the_objects_and_torch_reduces_over_both(here: World) -> None:
    code = """
import json, os, pathlib, torch
import torch.distributed as dist
hosts = json.loads(os.environ["SM_HOSTS"])
rank = hosts.index(os.environ["SM_CURRENT_HOST"])
os.environ.update(MASTER_ADDR=hosts[0], MASTER_PORT="29511")
os.environ["GLOO_SOCKET_IFNAME"] = os.environ["SM_NETWORK_INTERFACE_NAME"]
dist.init_process_group("gloo", rank=rank, world_size=len(hosts))
mine = os.listdir(os.environ["SM_CHANNEL_TRAIN"])
value = torch.tensor([float(len(mine))])
dist.all_reduce(value)
pathlib.Path(os.environ["SM_MODEL_DIR"], f"rank{rank}").write_text(f"{mine} {value.item()}")
dist.destroy_process_group()
"""
    for name in ("a", "b", "c"):
        here.store.put(f"in/{name}", b"x")
    channel = Channel(name="train", uri="s3://in/", sharded=True)
    job = job_of(hyperparameters=script(here, {"train.py": code}), channels=(channel,))
    specs = specs_of(here, job, container_of("pytorch"), 2)

    for spec in specs:
        here.run(here.backend.launch(spec))
    outcomes = [done(here, spec.instance_id, 240) for spec in specs]

    assert [one.failure for one in outcomes] == ["", ""]
    model = unpacked(here, MODEL_KEY)
    assert model["rank1"] == b"['b'] 3.0"
    assert model["rank0"].endswith(b" 3.0")
    assert [len(one.uploaded) for one in outcomes] == [1, 0]


def test_a_host_that_failed_leaves_the_job_without_a_model(here: World) -> None:
    code = "import os, sys; sys.exit(os.environ['SM_CURRENT_HOST'] == 'algo-2')"
    job = job_of(hyperparameters=script(here, {"train.py": code}))
    specs = specs_of(here, job, container_of(), 2)

    for spec in specs:
        here.run(here.backend.launch(spec))
    outcomes = [done(here, spec.instance_id) for spec in specs]

    assert outcomes[0].failure == ""
    assert "exit code: 1" in outcomes[1].failure
    assert MODEL_KEY not in here.store.objects


def csv(seed: int) -> bytes:
    rows = np.random.default_rng(seed).normal(size=(200, 3))
    table = np.column_stack([rows @ [1, 2, 3], rows])
    return "\n".join(",".join(f"{x:.6f}" for x in row) for row in table).encode()


def test_xgboost_trains_without_a_script_and_prints_what_it_measures(here: World) -> None:
    here.store.put("in/train/t.csv", csv(1))
    here.store.put("in/validation/v.csv", csv(2))
    channels = tuple(
        Channel(name=name, uri=f"s3://in/{name}", content_type="text/csv")
        for name in ("train", "validation")
    )
    job = job_of(
        hyperparameters={"num_round": "5", "max_depth": "3", "objective": "reg:squarederror"},
        channels=channels,
    )

    name = launched(here, job, container_of("xgboost"))

    assert done(here, name).failure == ""
    assert "[0]\ttrain-rmse:" in said(here, name)
    assert "\tvalidation-rmse:" in said(here, name)
    booster = xgboost.Booster(model_file=bytearray(unpacked(here, MODEL_KEY)["xgboost-model"]))
    rows = np.eye(3)
    assert booster.predict(xgboost.DMatrix(rows)).argmax() == 2


def test_xgboost_says_why_data_cannot_be_read(here: World) -> None:
    here.store.put("in/train/t.csv", b"not,numbers\n")
    channel = Channel(name="train", uri="s3://in/train", content_type="text/csv")
    job = job_of(hyperparameters={"num_round": "1"}, channels=(channel,))

    assert "a label is not a number" in ran(here, job, container_of("xgboost")).failure


def test_a_shell_script_is_an_entry_point_too(here: World) -> None:
    files = {
        "go.sh": "#!/bin/sh\necho \"$@\" > $SM_MODEL_DIR/said\npython -c 'import tool'\n",
        "tool.py": "print('imported')",
    }
    given = script(here, files, "go.sh") | {"k": "v"}
    name = launched(here, job_of(hyperparameters=given))

    assert done(here, name).failure == ""
    assert unpacked(here, MODEL_KEY) == {"said": b"-k v\n"}
    assert "imported" in said(here, name)


def test_a_jobs_own_variables_reach_the_script(here: World) -> None:
    code = "import os; print(os.environ['MINE'], os.environ['PYTHONPATH'])"
    given = script(here, {"train.py": code})
    container = replace(container_of(), environment={"MINE": "yes", "PYTHONPATH": "/somewhere"})
    name = launched(here, job_of(hyperparameters=given), container)

    assert done(here, name).failure == ""
    assert "yes /opt/ml/code:/somewhere" in said(here, name)


def test_code_may_come_in_a_channel(here: World) -> None:
    """As the SDK sends it with network isolation."""
    here.store.put("in/sourcedir.tar.gz", archive({"train.py": b"print('from the channel')"}))
    given = {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": "/opt/ml/input/data/code/sourcedir.tar.gz",
    }
    channel = Channel(name="code", uri="s3://in/sourcedir.tar.gz")

    name = launched(here, job_of(hyperparameters=given, channels=(channel,)))

    assert done(here, name).failure == ""
    assert "from the channel" in said(here, name)


def test_input_that_is_larger_than_the_volume_is_not_fetched(here: World) -> None:
    here.store.put("in/a", b"x" * 3000)
    here.store.put("in/b", b"x" * 3000)

    outcome = trained(
        here, "", channels=(Channel(name="train", uri="s3://in/"),), volume_bytes=5000
    )

    assert "have 6000 bytes together" in outcome.failure
    assert not [request for request in here.store.requests if "/in/a" in request]


def test_an_object_that_would_be_a_file_and_a_folder_is_named(here: World) -> None:
    here.store.put("in/a", b"1")
    here.store.put("in/a/b", b"2")

    outcome = trained(here, "", channels=(Channel(name="train", uri="s3://in/"),))

    assert "The object s3://in/a is a folder of other objects too." in outcome.failure


def test_xgboost_trains_one_model_on_two_hosts(here: World) -> None:
    here.store.put("in/train/1.csv", csv(1))
    here.store.put("in/train/2.csv", csv(2))
    channel = Channel(name="train", uri="s3://in/train", content_type="text/csv", sharded=True)
    job = job_of(hyperparameters={"num_round": "3"}, channels=(channel,))
    specs = specs_of(here, job, container_of("xgboost"), 2)

    for spec in specs:
        here.run(here.backend.launch(spec))
    outcomes = [done(here, spec.instance_id, 240) for spec in specs]

    assert [one.failure for one in outcomes] == ["", ""]
    assert list(unpacked(here, MODEL_KEY)) == ["xgboost-model"]
    told = [said(here, spec.instance_id) for spec in specs]
    assert sum("[0]\ttrain-rmse:" in text for text in told) == 1


def test_torchrun_starts_a_script_on_both_hosts(here: World) -> None:
    code = """
import os, pathlib
import torch.distributed as dist
dist.init_process_group("gloo")
found = [None] * dist.get_world_size()
dist.all_gather_object(found, os.environ["SM_CURRENT_HOST"])
if dist.get_rank() == 0:
    pathlib.Path(os.environ["SM_MODEL_DIR"], "hosts").write_text(str(found))
dist.destroy_process_group()
"""
    given = script(here, {"train.py": code}) | {"sagemaker_torch_distributed_enabled": "true"}
    specs = specs_of(here, job_of(hyperparameters=given), container_of("pytorch"), 2)

    for spec in specs:
        here.run(here.backend.launch(spec))
    outcomes = [done(here, spec.instance_id, 240) for spec in specs]

    assert [one.failure for one in outcomes] == ["", ""], said(here, specs[0].instance_id)
    assert unpacked(here, MODEL_KEY) == {"hosts": b"['algo-1', 'algo-2']"}


def test_an_isolated_job_has_no_network_but_its_channels(here: World) -> None:
    here.store.put("in/a", b"1")
    code = (
        "import os, socket; print([name for _, name in socket.if_nameindex()], "
        "os.listdir('/opt/ml/input/data/train'), socket.gethostbyname('algo-1'))"
    )
    given = script(here, {"train.py": code})
    job = job_of(hyperparameters=given, channels=(Channel(name="train", uri="s3://in/"),))
    spec = replace(specs_of(here, job, container_of())[0], network_isolation=True)

    here.run(here.backend.launch(spec))

    assert done(here, spec.instance_id).failure == ""
    assert "['lo'] ['a'] 127." in said(here, spec.instance_id)
