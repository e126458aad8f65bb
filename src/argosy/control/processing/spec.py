"""From a processing job's record to what a compute backend is to launch for each host. Pure.

Source: API reference of CreateProcessingJob; the developer guide on processing containers.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argosy.control.job_containers import container_for
from argosy.ground.instances import InstanceSpec, StoreAccess
from argosy.ground.jobs import FILE, PREFIX, PROCESSING, Channel, JobSpec, Upload, addresses_of
from argosy.ground.names import PROCESSING_LOG_GROUP, zones_of
from argosy.ground.settings import Settings
from argosy.state import processing_jobs as jobs
from argosy.state.processing_jobs import PROCESSING_JOB, ProcessingRun
from argosy.state.record import Record


@dataclass(frozen=True)
class Place:
    """Where jobs run."""

    settings: Settings
    store: StoreAccess
    inside: Mapping[str, str]
    """Variables by which the program reaches this platform as the job's role."""


def specs_of(
    record: Record, run: ProcessingRun, place: Place, now: float
) -> dict[str, InstanceSpec]:
    """Host → the spec of its instance. The same run has the same ids, each time."""
    document: Any = record.document
    asked = document["asked"]
    isolated = bool((asked.get("NetworkConfig") or {}).get("EnableNetworkIsolation"))
    environment = {**({} if isolated else place.inside), **(asked.get("Environment") or {})}
    return {
        host: InstanceSpec(
            instance_id=instance_id(run, host),
            account=record.account,
            region=record.region,
            zone=zones_of(record.region)[0],
            owner=f"{PROCESSING_JOB}/{record.name}",
            deployment=run["id"],
            variant=host,
            containers=(container_for(host, document["image"], environment, place.settings),),
            log_group=PROCESSING_LOG_GROUP,
            log_stream=stream,
            store=place.store,
            network_isolation=isolated,
            created=now,
            job=_job(record, run, host, place.settings),
        )
        for host, stream in zip(run["hosts"], run["streams"], strict=True)
    }


def instance_id(run: ProcessingRun, host: str) -> str:
    return "i-" + hashlib.sha256(f"{run['id']}/{host}".encode()).hexdigest()[:12]


def _job(record: Record, run: ProcessingRun, host: str, settings: Settings) -> JobSpec:
    document, hosts = record.document, tuple(run["hosts"])
    asked = document["asked"]
    application, cluster = asked["AppSpecification"], asked["ProcessingResources"]["ClusterConfig"]
    arguments = application.get("ContainerArguments")
    return JobSpec(
        kind=PROCESSING,
        name=record.name,
        arn=document["arn"],
        host=host,
        hosts=hosts,
        addresses=addresses_of(run["id"], hosts),
        peers={one: instance_id(run, one) for one in hosts},
        instance_type=cluster["InstanceType"],
        entrypoint=tuple(application.get("ContainerEntrypoint") or ()),
        arguments=None if arguments is None else tuple(arguments),
        channels=tuple(
            _channel(one)
            for one in asked.get("ProcessingInputs") or ()
            if not one.get("AppManaged")
        ),
        uploads=tuple(
            _upload(one)
            for one in (asked.get("ProcessingOutputConfig") or {}).get("Outputs") or ()
            if not one.get("AppManaged")
        ),
        config={"ProcessingJobArn": document["arn"], **asked},
        max_runtime_s=jobs.most_seconds(asked),
        stop_grace_s=settings.job_stop_s,
        volume_bytes=cluster["VolumeSizeInGB"] << 30,
    )


def _channel(one: dict[str, Any]) -> Channel:
    source = one["S3Input"]
    return Channel(
        name=one["InputName"],
        uri=source["S3Uri"],
        kind=source.get("S3DataType") or PREFIX,
        mode=source.get("S3InputMode") or FILE,
        local_path=source["LocalPath"],
        sharded=source.get("S3DataDistributionType") == "ShardedByS3Key",
        gzip=source.get("S3CompressionType") == "Gzip",
    )


def _upload(one: dict[str, Any]) -> Upload:
    target = one["S3Output"]
    return Upload(
        local_path=target["LocalPath"],
        uri=target["S3Uri"],
        continuous=target.get("S3UploadMode") == "Continuous",
    )
