"""Which jobs may begin: room for so many instances, first come, first served. Pure.

A warm pool keeps the room of its instances for the next job that matches it, and yields to a job
that would not find room otherwise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from argosy.state import training_jobs as jobs
from argosy.state.record import Record

_SAME = ("RoleArn", "VpcConfig", "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption")
_SAME_RESOURCES = (
    "InstanceType",
    "InstanceCount",
    "InstanceGroups",
    "VolumeSizeInGB",
    "VolumeKmsKeyId",
)

Key = tuple[str, str, str]
"""Account, region, name."""


@dataclass
class Admissions:
    """Who begins now."""

    admitted: dict[Key, Record | None] = field(default_factory=dict)
    """Job → the job whose warm pool it takes over, if it does."""
    yielding: list[Record] = field(default_factory=list)
    """Jobs whose warm pools are over, because others need the room."""


def admissions(
    waiting: Sequence[Record], busy: int, pools: Iterable[Record], most: int
) -> Admissions:
    """waiting: jobs without a run, in the order in which they came; busy: instances of runs;
    pools: jobs with an available pool, oldest first; most: instances there may be."""
    found, left = Admissions(), list(pools)
    for job in waiting:
        wanted = jobs.host_count(job.document["asked"])
        pool = next((one for one in left if matches(job, one)), None)
        if pool is not None:
            left.remove(pool)
        elif wanted > most:
            continue  # there were more when it was asked for; nobody waits behind it
        elif not _make_room(wanted, busy, left, most, found):
            return found
        found.admitted[key_of(job)] = pool
        busy += wanted
    return found


def key_of(job: Record) -> Key:
    return (job.account, job.region, job.name)


def matches(job: Record, pool: Record) -> bool:
    """Whether the job can run where the other one ran (the guide's list of what must be same)."""
    one, other = job.document["asked"], pool.document["asked"]
    resources, others = one["ResourceConfig"], other["ResourceConfig"]
    return (
        (job.account, job.region) == (pool.account, pool.region)
        and not one.get("EnableManagedSpotTraining")
        and all(one.get(name) == other.get(name) for name in _SAME)
        and all(resources.get(name) == others.get(name) for name in _SAME_RESOURCES)
    )


def _make_room(wanted: int, busy: int, pools: list[Record], most: int, found: Admissions) -> bool:
    """Whether there is room, once as many pools as needed have yielded."""
    kept = sum(jobs.host_count(one.document["asked"]) for one in pools)
    if busy + wanted > most:
        return False
    while busy + kept + wanted > most:
        pool = pools.pop(0)
        kept -= jobs.host_count(pool.document["asked"])
        found.yielding.append(pool)
    return True
