"""What each host of a training job is told."""

from typing import Any

from tests.support.control_builders import NOW, REGION, STORE
from tests.support.training_jobs import ACCOUNT, channel, document, request

from argosy.control.job_specs import Place
from argosy.control.training.spec import specs_of
from argosy.ground.instances import InstanceSpec
from argosy.ground.jobs import Checkpoints, host_names
from argosy.ground.settings import Settings
from argosy.state.record import Record
from argosy.state.training_jobs import Run

PLACE = Place(Settings(data_dir="/data"), STORE, {"AWS_ENDPOINT_URL": "http://here"})


def specs(count: int = 1, **changes: Any) -> dict[str, InstanceSpec]:
    asked = request(**changes)
    if "InstanceGroups" not in asked["ResourceConfig"]:
        asked["ResourceConfig"]["InstanceCount"] = count
    body = document(asked)
    record = Record("training-job", ACCOUNT, REGION, "job", dict(body), "InProgress", 1, NOW, NOW)
    hosts = list(host_names(count))
    streams = [f"job/{host}-1" for host in hosts]
    run: Run = {"id": "t-1", "number": 1, "hosts": hosts, "streams": streams, "launched": NOW}
    return specs_of(record, run, PLACE, NOW)


def test_a_host_is_told_what_the_request_says() -> None:
    (spec,) = specs(
        HyperParameters={"depth": "3"},
        Environment={"COLOUR": "red"},
        CheckpointConfig={"S3Uri": "s3://b/c"},
        algorithm={"ContainerEntrypoint": ["/bin/bash"], "ContainerArguments": ["-c", "x"]},
        InputDataConfig=[
            channel(InputMode="Pipe", source={"S3DataDistributionType": "ShardedByS3Key"})
        ],
    ).values()

    job = spec.job
    assert job is not None
    assert (spec.owner, spec.deployment, spec.variant) == ("training-job/job", "t-1", "algo-1")
    assert (spec.log_group, spec.log_stream) == ("/aws/sagemaker/TrainingJobs", "job/algo-1-1")
    assert spec.container.environment == {
        "AWS_ENDPOINT_URL": "http://here",
        "TRAINING_JOB_NAME": "job",
        "TRAINING_JOB_ARN": "arn:job",
        "COLOUR": "red",
    }
    assert (job.entrypoint, job.arguments) == (("/bin/bash",), ("-c", "x"))
    assert job.hyperparameters == {"depth": "3"}
    assert job.checkpoints == Checkpoints(uri="s3://b/c", local_path="/opt/ml/checkpoints")
    assert job.max_runtime_s == 600
    (train,) = job.channels
    assert (train.mode, train.sharded, train.uri) == ("Pipe", True, "s3://in/train/")


def test_model_and_output_go_below_the_jobs_name_packed_or_as_they_are() -> None:
    (spec,) = specs().values()
    assert spec.job is not None
    assert [(one.uri, one.packed) for one in spec.job.uploads] == [
        ("s3://out/models/job/output/model.tar.gz", True),
        ("s3://out/models/job/output/output.tar.gz", True),
    ]
    (spec,) = specs(
        OutputDataConfig={"S3OutputPath": "s3://out", "CompressionType": "NONE"},
        TensorBoardOutputConfig={"S3OutputPath": "s3://board"},
    ).values()
    assert spec.job is not None
    assert [(one.uri, one.packed) for one in spec.job.uploads] == [
        ("s3://out/job/output/model/", False),
        ("s3://out/job/output/data/", False),
        ("s3://board/job/tensorboard-output/", False),
    ]


def test_an_isolated_job_is_told_of_no_network() -> None:
    (spec,) = specs(EnableNetworkIsolation=True).values()
    assert spec.network_isolation
    assert "AWS_ENDPOINT_URL" not in spec.container.environment


def test_hosts_know_each_other_and_come_out_the_same_each_time() -> None:
    found = specs(2)
    assert found == specs(2)
    first, second = (spec.job for spec in found.values())
    assert first is not None
    assert second is not None
    assert first.hosts == second.hosts == ("algo-1", "algo-2")
    assert first.addresses == second.addresses
    assert first.peers == {host: spec.instance_id for host, spec in found.items()}


def test_a_channel_of_an_instance_group_is_only_for_its_hosts() -> None:
    groups = [
        {"InstanceGroupName": "one", "InstanceType": "ml.m5.large", "InstanceCount": 1},
        {"InstanceGroupName": "two", "InstanceType": "ml.c5.xlarge", "InstanceCount": 1},
    ]
    found = specs(
        2,
        resources={"InstanceGroups": groups, "InstanceCount": None, "InstanceType": None},
        InputDataConfig=[channel(), channel("few", source={"InstanceGroupNames": ["two"]})],
    )
    told = {host: spec.job for host, spec in found.items() if spec.job}
    assert [one.name for one in told["algo-1"].channels] == ["train"]
    assert [one.name for one in told["algo-2"].channels] == ["train", "few"]
    assert [job.instance_type for job in told.values()] == ["ml.m5.large", "ml.c5.xlarge"]
