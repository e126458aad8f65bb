"""From a training job's record to what a compute backend is to launch for each host. Pure.

Sources: reference/container-contract.md §6 for paths and variables, §7 of
reference/autoscaling-and-monitoring.md for names of logs.
"""

from dataclasses import replace
from typing import Any

from argosy.control import job_specs
from argosy.control.job_specs import Place
from argosy.ground.instances import InstanceSpec
from argosy.ground.jobs import (
    MODEL_DIR,
    OUTPUT_DIR,
    TRAINING,
    Channel,
    Checkpoints,
    InstanceGroup,
    JobSpec,
    Upload,
)
from argosy.ground.names import TRAINING_LOG_GROUP
from argosy.ground.paths import DataDir
from argosy.state import training_jobs as jobs
from argosy.state.record import Record
from argosy.state.training_jobs import Run

_TENSORBOARD = "/opt/ml/output/tensorboard"


def specs_of(record: Record, run: Run, place: Place, now: float) -> dict[str, InstanceSpec]:
    """Host → the spec of its instance. The same run has the same ids, each time."""
    asked = record.document["asked"]
    pool = DataDir.at(place.settings.data_dir).warm_pools / run.get("pool", "")
    return job_specs.specs_of(
        record,
        run,
        place,
        now,
        kind=TRAINING,
        log_group=TRAINING_LOG_GROUP,
        isolated=bool(asked.get("EnableNetworkIsolation")),
        environment={
            "TRAINING_JOB_NAME": record.name,
            "TRAINING_JOB_ARN": record.document["arn"],
            **(asked.get("Environment") or {}),
        },
        completed=lambda job: replace(
            _completed(job, record, hosts_of_groups(asked, run)),
            warm_folder=str(pool / job.host) if "pool" in run else "",
        ),
    )


def hosts_of_groups(asked: dict[str, Any], run: Run) -> dict[str, list[str]]:
    """Instance group → its hosts; {} where the job has no groups."""
    found, left = {}, list(run["hosts"])
    for group in jobs.groups_of(asked):
        count = group["InstanceCount"]
        found[group["InstanceGroupName"]], left = left[:count], left[count:]
    return {name: hosts for name, hosts in found.items() if name}


def _completed(job: JobSpec, record: Record, groups: dict[str, list[str]]) -> JobSpec:
    """With all but the warm folder. `groups`: hosts of each group."""
    document: Any = record.document
    asked = document["asked"]
    algorithm = asked["AlgorithmSpecification"]
    return replace(
        job,
        instance_type=_instance_type(asked, job.host, groups),
        groups=_groups(asked, groups),
        entrypoint=tuple(algorithm.get("ContainerEntrypoint") or ()),
        arguments=_arguments(algorithm),
        hyperparameters=asked.get("HyperParameters") or {},
        channels=tuple(
            _channel(one, algorithm["TrainingInputMode"])
            for one in asked.get("InputDataConfig") or ()
            if _is_for(one, job.host, groups)
        ),
        uploads=_uploads(asked),
        checkpoints=_checkpoints(asked),
        max_runtime_s=jobs.seconds_left(document),
        volume_bytes=(asked["ResourceConfig"].get("VolumeSizeInGB") or 0) << 30,
    )


def _instance_type(asked: dict[str, Any], host: str, groups: dict[str, list[str]]) -> str:
    for group in jobs.groups_of(asked):
        if host in groups.get(group["InstanceGroupName"], (host,)):
            return str(group["InstanceType"])
    return ""


def _groups(asked: dict[str, Any], hosts: dict[str, list[str]]) -> tuple[InstanceGroup, ...]:
    return tuple(
        InstanceGroup(
            name=group["InstanceGroupName"],
            instance_type=group["InstanceType"],
            hosts=tuple(hosts[group["InstanceGroupName"]]),
        )
        for group in jobs.groups_of(asked)
        if group["InstanceGroupName"] in hosts
    )


def _arguments(algorithm: dict[str, Any]) -> tuple[str, ...] | None:
    given = algorithm.get("ContainerArguments")
    return None if given is None else tuple(given)


def _is_for(channel: dict[str, Any], host: str, groups: dict[str, list[str]]) -> bool:
    """Whether the host is in one of the instance groups that the channel is for."""
    wanted = channel["DataSource"]["S3DataSource"].get("InstanceGroupNames")
    return not wanted or any(host in groups[name] for name in wanted)


def _channel(given: dict[str, Any], usual_mode: str) -> Channel:
    source = given["DataSource"]["S3DataSource"]
    shuffle = given.get("ShuffleConfig") or {}
    return Channel(
        name=given["ChannelName"],
        uri=source["S3Uri"],
        kind=source["S3DataType"],
        mode=given.get("InputMode") or usual_mode,
        attributes=tuple(source.get("AttributeNames") or ()),
        sharded=source.get("S3DataDistributionType") == "ShardedByS3Key",
        gzip=given.get("CompressionType") == "Gzip",
        recordio=given.get("RecordWrapperType") == "RecordIO",
        content_type=given.get("ContentType") or "",
        shuffle_seed=shuffle.get("Seed"),
    )


def _uploads(asked: dict[str, Any]) -> tuple[Upload, ...]:
    packed = asked["OutputDataConfig"].get("CompressionType") != "NONE"
    place = jobs.output_prefix(asked)
    output = f"{place}/output.tar.gz" if packed else f"{place}/data/"
    found = [
        Upload(local_path=MODEL_DIR, uri=jobs.model_uri(asked), packed=packed, optional=not packed),
        Upload(local_path=OUTPUT_DIR, uri=output, packed=packed, after_failure=True, optional=True),
    ]
    board = asked.get("TensorBoardOutputConfig")
    if board:
        base = board["S3OutputPath"].rstrip("/")
        found.append(
            Upload(
                local_path=board.get("LocalPath") or _TENSORBOARD,
                uri=f"{base}/{asked['TrainingJobName']}/tensorboard-output/",
                continuous=True,
                after_failure=True,
                optional=True,
            )
        )
    return tuple(found)


def _checkpoints(asked: dict[str, Any]) -> Checkpoints | None:
    given = asked.get("CheckpointConfig")
    return Checkpoints(uri=given["S3Uri"], local_path=given["LocalPath"]) if given else None
