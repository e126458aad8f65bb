"""From a processing job's record to what a compute backend is to launch for each host. Pure.

Source: API reference of CreateProcessingJob; the developer guide on processing containers.
"""

from dataclasses import replace
from typing import Any

from argosy.control import job_specs
from argosy.control.job_specs import Place
from argosy.ground.instances import InstanceSpec
from argosy.ground.jobs import FILE, PREFIX, PROCESSING, Channel, JobSpec, Upload
from argosy.ground.names import PROCESSING_LOG_GROUP
from argosy.state import processing_jobs as jobs
from argosy.state.processing_jobs import ProcessingRun
from argosy.state.record import Record


def specs_of(
    record: Record, run: ProcessingRun, place: Place, now: float
) -> dict[str, InstanceSpec]:
    """Host → the spec of its instance. The same run has the same ids, each time."""
    asked = record.document["asked"]
    return job_specs.specs_of(
        record,
        run,
        place,
        now,
        kind=PROCESSING,
        log_group=PROCESSING_LOG_GROUP,
        isolated=bool((asked.get("NetworkConfig") or {}).get("EnableNetworkIsolation")),
        environment=asked.get("Environment") or {},
        completed=lambda job: _completed(job, asked),
    )


def _completed(job: JobSpec, asked: dict[str, Any]) -> JobSpec:
    application, cluster = asked["AppSpecification"], asked["ProcessingResources"]["ClusterConfig"]
    arguments = application.get("ContainerArguments")
    return replace(
        job,
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
        config={"ProcessingJobArn": job.arn, **asked},
        max_runtime_s=jobs.most_seconds(asked),
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
