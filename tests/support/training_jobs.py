"""Training jobs and their instances for tests of control: requests, records' documents, hosts."""

from typing import Any

from argosy.ground.instances import (
    ContainerSpec,
    Instance,
    InstanceSpec,
    InstanceState,
    Phase,
)
from argosy.ground.jobs import JobOutcome
from argosy.services.sagemaker.training_view import filled
from argosy.state import training_jobs as jobs
from argosy.state.job_images import JobImage
from argosy.state.training_jobs import TrainingJobDocument
from tests.support.control_builders import NOW, REGION, STORE

ACCOUNT = "000000000000"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
ROLE = "arn:aws:iam::000000000000:role/scientist"


def channel(name: str = "train", uri: str = "s3://in/train/", **changes: Any) -> dict[str, Any]:
    """An input channel; `source` are changes of its S3DataSource."""
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, **changes.pop("source", {})}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **changes}


def request(name: str = "job", **changes: Any) -> dict[str, Any]:
    """What CreateTrainingJob takes; `algorithm`, `resources` and `stop` are changes of parts."""
    algorithm = {"TrainingImage": IMAGE, "TrainingInputMode": "File"}
    resources = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5}
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {**algorithm, **changes.pop("algorithm", {})},
        "RoleArn": ROLE,
        "InputDataConfig": [channel()],
        "OutputDataConfig": {"S3OutputPath": "s3://out/models/"},
        "ResourceConfig": {**resources, **changes.pop("resources", {})},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600, **changes.pop("stop", {})},
        **changes,
    }


def spot(name: str = "job", **changes: Any) -> dict[str, Any]:
    """A request for managed spot training that may take an hour."""
    stop = {"MaxWaitTimeInSeconds": 3600, **changes.pop("stop", {})}
    return request(name, EnableManagedSpotTraining=True, stop=stop, **changes)


def document(asked: dict[str, Any] | None = None, created: float = NOW) -> TrainingJobDocument:
    """A job as it begins."""
    asked = filled(asked or request())
    image = asked["AlgorithmSpecification"]["TrainingImage"]
    meant: JobImage = {"name": image, "models": {}, "images": {}, "pulled": {}}
    return jobs.new_job(asked["TrainingJobName"], "arn:job", asked, meant, created)


def host(
    run: str,
    name: str = "algo-1",
    phase: Phase = Phase.IN_SERVICE,
    outcome: JobOutcome | None = None,
    reason: str = "",
) -> Instance:
    """A host of a run."""
    spec = InstanceSpec(
        instance_id=f"i-{run}-{name}",
        account=ACCOUNT,
        region=REGION,
        zone=f"{REGION}a",
        owner="training-job/job",
        deployment=run,
        variant=name,
        containers=(ContainerSpec(name=name, image=IMAGE, runtime="sklearn"),),
        log_group="g",
        log_stream=f"job/{name}",
        store=STORE,
        created=NOW,
    )
    state = InstanceState(phase=phase, reason=reason, outcome=outcome, updated=NOW)
    return Instance(spec=spec, state=state)


def done(run: str, name: str = "algo-1", **members: Any) -> Instance:
    """A host that is over; its algorithm ran from a minute to ten seconds ago."""
    outcome = JobOutcome(**{"exit_code": 0, "started": NOW - 60, "ended": NOW - 10, **members})
    return host(run, name, Phase.DONE, outcome)
