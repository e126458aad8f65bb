"""/opt/ml as an algorithm finds it."""

from pathlib import Path

import pytest

from argosy.agent.folders import Folders
from argosy.agent.jobs import layout
from argosy.agent.jobs.layout import Places
from argosy.ground.jobs import (
    PROCESSING,
    TRAINING,
    Channel,
    Checkpoints,
    InstanceGroup,
    JobSpec,
    Upload,
    host_names,
)
from argosy.ground.paths import DataDir

CHANNELS = (
    Channel(name="train", uri="s3://b/t", content_type="text/csv", sharded=True),
    Channel(name="pipe", uri="s3://b/p", mode="Pipe", recordio=True),
)


def job(kind: str = TRAINING, **more: object) -> JobSpec:
    return JobSpec(**{"kind": kind, "name": "j", "arn": "arn", **more})  # type: ignore[arg-type]


def places(tmp_path: Path, of: JobSpec) -> Places:
    return Places.of(of, Folders(DataDir.at(tmp_path), "i-1"))


def test_channels_are_told_as_sagemaker_tells_them() -> None:
    told = layout.documents(job(channels=CHANNELS))["input/config/inputdataconfig.json"]
    assert told == {
        "train": {
            "ContentType": "text/csv",
            "TrainingInputMode": "File",
            "S3DistributionType": "ShardedByS3Key",
            "RecordWrapperType": "None",
        },
        "pipe": {
            "TrainingInputMode": "Pipe",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "RecordIO",
        },
    }


def test_hosts_are_sorted_by_their_numbers_and_named_in_the_hosts_file() -> None:
    hosts = host_names(11)
    many = job(hosts=hosts[::-1], host="algo-2", addresses={"algo-10": "127.9.9.9"})
    assert layout.resources(many)["hosts"] == list(hosts)
    assert "127.9.9.9 algo-10\n" in layout.hosts_file(many)


def test_groups_of_instances_are_told_apart() -> None:
    groups = (
        InstanceGroup(name="data", instance_type="ml.c5.large", hosts=("algo-2",)),
        InstanceGroup(name="train", instance_type="ml.g5.large", hosts=("algo-1",)),
    )
    told = layout.resources(job(hosts=("algo-1", "algo-2"), groups=groups))
    assert told["current_group_name"] == "train"
    assert [one["instance_group_name"] for one in told["instance_groups"]] == ["data", "train"]


def test_a_processing_job_has_its_request_and_no_hyperparameters() -> None:
    assert set(layout.documents(job(PROCESSING, config={"a": 1}))) == {
        "config/resourceconfig.json",
        "config/processingjobconfig.json",
    }


def test_every_path_has_a_folder_and_only_those_outside_are_mounted_apart(tmp_path: Path) -> None:
    made = job(
        channels=(Channel(name="a", uri="s3://b/a", local_path="/data/in"), *CHANNELS),
        uploads=(
            Upload(local_path="/data/in/below", uri="s3://b/o"),
            Upload(local_path="/opt/ml/model", uri="s3://b/m"),
        ),
    )
    found = places(tmp_path, made)
    layout.make(made, found)

    assert list(found.others) == ["/data/in"]
    assert found.host("/data/in/below").is_dir()
    assert found.host("/data/in/below").parent == found.host("/data/in")
    assert found.host("/opt/ml/model") == found.folders.ml / "model"
    assert not found.host("/opt/ml/input/data/pipe").exists()
    assert found.tree("/data/in/below")[1:] == (found.host("/data/in"), "/data/in")
    assert found.tree("/opt/ml/model").seen == "/opt/ml"
    with pytest.raises(ValueError, match="no place"):
        found.host("/elsewhere")


def test_where_checkpoints_lie_is_told_to_jobs_that_keep_them() -> None:
    kept = job(checkpoints=Checkpoints(uri="s3://b/c", local_path="/opt/ml/checkpoints"))
    name = "input/config/checkpointconfig.json"
    told = {"S3Uri": "s3://b/c", "LocalPath": "/opt/ml/checkpoints"}
    assert layout.documents(kept)[name] == told
    assert name not in layout.documents(job())
