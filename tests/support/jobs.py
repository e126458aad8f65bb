"""Jobs in tests: one host or several of a training or processing job, by real agents."""

import json
from dataclasses import replace
from typing import Any

from argosy.ground.instances import PROGRAM, ContainerSpec, Instance, InstanceSpec, Phase
from argosy.ground.jobs import (
    MODEL_DIR,
    OUTPUT_DIR,
    TRAINING,
    JobOutcome,
    JobSpec,
    Upload,
    addresses_of,
    host_names,
)
from argosy.telemetry.logs import LogGroupMissing, LogStreamMissing
from tests.support.endpoints import archive, files_of
from tests.support.instances import World

MODEL_KEY, OUTPUT_KEY = "out/job/output/model.tar.gz", "out/job/output/output.tar.gz"
UPLOADS = (
    Upload(local_path=MODEL_DIR, uri=f"s3://{MODEL_KEY}", packed=True),
    Upload(
        local_path=OUTPUT_DIR,
        uri=f"s3://{OUTPUT_KEY}",
        packed=True,
        after_failure=True,
        optional=True,
    ),
)


def container_of(runtime: str = "sklearn", folder: str = "", **environment: str) -> ContainerSpec:
    """A framework's container, or a program of this image folder."""
    return ContainerSpec(
        name="algo-1",
        image="image",
        runtime=PROGRAM if folder else runtime,
        image_folder=folder,
        environment=environment,
    )


def job_of(**changes: Any) -> JobSpec:
    given = {"kind": TRAINING, "name": "job", "arn": "arn:job", "uploads": UPLOADS}
    return JobSpec(**{"stop_grace_s": 20.0, **given, **changes})


def script(here: World, files: dict[str, str], program: str = "train.py") -> dict[str, str]:
    """Hyperparameters for a script, whose archive lies in the store then."""
    packed = archive({name: text.encode() for name, text in files.items()})
    uri = here.store.put("code/sourcedir.tar.gz", packed)
    given = {"sagemaker_program": program, "sagemaker_submit_directory": uri}
    return {name: json.dumps(value) for name, value in given.items()}


def specs_of(here: World, job: JobSpec, container: ContainerSpec, count: int = 1) -> list[Any]:
    """One spec for each host."""
    here.store.buckets.add("out")
    hosts = host_names(count)
    plain = [here.spec(containers=(container,)) for _ in hosts]
    peers = {host: spec.instance_id for host, spec in zip(hosts, plain, strict=True)}
    addresses = addresses_of(plain[0].instance_id, hosts)
    return [
        _with(spec, job, host, hosts=hosts, peers=peers, addresses=addresses)
        for spec, host in zip(plain, hosts, strict=True)
    ]


def _with(spec: InstanceSpec, job: JobSpec, host: str, **more: Any) -> InstanceSpec:
    return replace(spec, job=replace(job, host=host, **more))


def launched(here: World, job: JobSpec, container: ContainerSpec | None = None) -> str:
    """The id of the instance of a job's only host, begun."""
    spec = specs_of(here, job, container or container_of())[0]
    here.run(here.backend.launch(spec))
    return str(spec.instance_id)


def done(here: World, instance_id: str, seconds: float = 120.0) -> JobOutcome:
    """What came of an instance."""
    outcome = here.reach(instance_id, Phase.DONE, seconds).state.outcome
    assert outcome is not None
    return outcome


def ran(here: World, job: JobSpec, container: ContainerSpec | None = None) -> JobOutcome:
    """What came of a job of one host."""
    return done(here, launched(here, job, container))


def trained(
    here: World, code: str, container: ContainerSpec | None = None, **changes: Any
) -> JobOutcome:
    """What came of a script in script mode."""
    given = script(here, {"train.py": code}) | changes.pop("hyperparameters", {})
    return ran(here, job_of(hyperparameters=given, **changes), container)


def unpacked(here: World, key: str) -> dict[str, bytes]:
    """The files of an archive in the store."""
    return files_of(here.store.objects[key])


def said(here: World, instance: Instance | str) -> str:
    """An instance's log, "" while there is none."""
    name = instance if isinstance(instance, str) else instance.spec.instance_id
    try:
        return "\n".join(here.lines(name))
    except (LogGroupMissing, LogStreamMissing):
        return ""
