"""What the instances of training and of processing jobs are told alike. Pure."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from argosy.control.job_containers import container_for
from argosy.ground.instances import InstanceSpec, StoreAccess
from argosy.ground.jobs import JobSpec, addresses_of
from argosy.ground.names import zones_of
from argosy.ground.settings import Settings
from argosy.state.job_runs import JobRun
from argosy.state.record import Record


@dataclass(frozen=True)
class Place:
    """Where jobs run."""

    settings: Settings
    store: StoreAccess
    inside: Mapping[str, str]
    """Variables by which a program reaches this platform as the job's role."""


def specs_of(
    record: Record,
    run: JobRun,
    place: Place,
    now: float,
    *,
    kind: str,
    log_group: str,
    isolated: bool,
    environment: Mapping[str, str],
    completed: Callable[[JobSpec], JobSpec],
) -> dict[str, InstanceSpec]:
    """Host → the spec of its instance. The same run has the same ids, each time.

    kind: of a JobSpec. environment: variables of the job, beside those of the place.
    completed: what a host is told, with what jobs of this kind are told.
    """
    seen = {**({} if isolated else place.inside), **environment}
    return {
        host: InstanceSpec(
            instance_id=_instance_id(run, host),
            account=record.account,
            region=record.region,
            zone=zones_of(record.region)[0],
            owner=f"{record.kind}/{record.name}",
            deployment=run["id"],
            variant=host,
            containers=(container_for(host, record.document["image"], seen, place.settings),),
            log_group=log_group,
            log_stream=stream,
            store=place.store,
            network_isolation=isolated,
            created=now,
            job=completed(_job(record, run, host, kind, place.settings)),
        )
        for host, stream in zip(run["hosts"], run["streams"], strict=True)
    }


def _job(record: Record, run: JobRun, host: str, kind: str, settings: Settings) -> JobSpec:
    hosts = tuple(run["hosts"])
    return JobSpec(
        kind=kind,
        name=record.name,
        arn=record.document["arn"],
        host=host,
        hosts=hosts,
        addresses=addresses_of(run["id"], hosts),
        peers={one: _instance_id(run, one) for one in hosts},
        stop_grace_s=settings.job_stop_s,
    )


def _instance_id(run: JobRun, host: str) -> str:
    return "i-" + hashlib.sha256(f"{run['id']}/{host}".encode()).hexdigest()[:12]
