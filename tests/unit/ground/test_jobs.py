"""What jobs' instances are told and tell survives its way through JSON."""

import ipaddress
import json

from argosy.ground.instances import (
    ContainerSpec,
    Instance,
    InstanceSpec,
    InstanceState,
    Phase,
    StoreAccess,
)
from argosy.ground.jobs import (
    TRAINING,
    Channel,
    Checkpoints,
    JobOutcome,
    JobSpec,
    Upload,
    Written,
    addresses_of,
    host_names,
)

JOB = JobSpec(
    kind=TRAINING,
    name="j",
    arn="arn",
    hosts=("algo-1", "algo-2"),
    entrypoint=("/bin/bash",),
    arguments=("-c", "x"),
    channels=(Channel(name="train", uri="s3://b/k", attributes=("a", "b"), shuffle_seed=3),),
    uploads=(Upload(local_path="/opt/ml/model", uri="s3://b/m.tar.gz", packed=True),),
    checkpoints=Checkpoints(uri="s3://b/c"),
)


def spec_with(job: JobSpec | None) -> InstanceSpec:
    return InstanceSpec(
        instance_id="i-1",
        account="0",
        region="r",
        zone="z",
        owner="training-job/j",
        deployment="",
        variant="",
        containers=(ContainerSpec(name="algo-1", image="sklearn", runtime="sklearn"),),
        log_group="g",
        log_stream="s",
        store=StoreAccess(url="u", region="r", access_key_id="a", secret_access_key="s"),
        job=job,
    )


def test_a_jobs_spec_comes_back_from_json_as_it_was() -> None:
    for job in (JOB, None, JobSpec(kind=TRAINING, name="j", arn="arn")):
        spec = spec_with(job)
        assert InstanceSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_an_outcome_comes_back_from_json_and_its_instance_is_not_alive_any_more() -> None:
    outcome = JobOutcome(exit_code=1, failure="x", uploaded=(Written(uri="u", size=1, etag="e"),))
    state = InstanceState(phase=Phase.DONE, outcome=outcome)
    assert InstanceState.from_json(json.loads(json.dumps(state.to_json()))) == state
    assert not Instance(spec=spec_with(JOB), state=state).alive


def test_every_host_of_every_job_has_a_loopback_address_of_its_own() -> None:
    hosts = host_names(200)
    one, other = addresses_of("one", hosts), addresses_of("other", hosts)
    assert one == addresses_of("one", hosts)
    assert len({*one.values()}) == 200
    assert not {*one.values()} & {*other.values()}
    assert all(ipaddress.ip_address(address).is_loopback for address in one.values())
