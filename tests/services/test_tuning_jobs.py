"""Tuning jobs through boto3: what is described, and with which values filled in."""

from typing import Any

from argosy.state.events import EventOutbox
from tests.support.api_client import ApiServer
from tests.support.training_jobs import request

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
OBJECTIVE = {"Type": "Maximize", "MetricName": "score"}


def definition(**changes: Any) -> dict[str, Any]:
    """A TrainingJobDefinition, which tells "score"."""
    job = request(algorithm={"MetricDefinitions": [{"Name": "score", "Regex": "score=(.*)"}]})
    for own in ("TrainingJobName", "StoppingCondition"):
        del job[own]
    return {**job, "StoppingCondition": {}, "StaticHyperParameters": {"depth": "3"}, **changes}


def tune(sagemaker: Any, name: str, **changes: Any) -> Any:
    """Create a tuning job; returns how it is described."""
    ranges = {"ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1"}]}
    config = {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": OBJECTIVE,
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": ranges,
    }
    asked = {"TrainingJobDefinition": definition(), **changes}
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name, HyperParameterTuningJobConfig=config, **asked
    )
    return sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def test_a_tuning_job_is_described_with_all_that_an_attaching_sdk_reads(sagemaker: Any) -> None:
    described = tune(sagemaker, "attached")

    config = described["HyperParameterTuningJobConfig"]
    assert config["TrainingJobEarlyStoppingType"] == "Off"
    assert config["ParameterRanges"] == {
        "IntegerParameterRanges": [],
        "ContinuousParameterRanges": [
            {"Name": "rate", "MinValue": "0", "MaxValue": "1", "ScalingType": "Auto"}
        ],
        "CategoricalParameterRanges": [],
    }
    shown = described["TrainingJobDefinition"]
    assert shown["StaticHyperParameters"] == {"depth": "3", "_tuning_objective_metric": "score"}
    assert shown["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    assert not shown["EnableManagedSpotTraining"]


def test_the_instances_that_a_tuner_of_the_sdk_offers_are_shown_as_attaching_reads_them(
    sagemaker: Any,
) -> None:
    offered = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}
    asked = definition(HyperParameterTuningResourceConfig=offered)
    del asked["ResourceConfig"]

    shown = tune(sagemaker, "offered", TrainingJobDefinition=asked)["TrainingJobDefinition"]

    assert shown["ResourceConfig"] == shown["HyperParameterTuningResourceConfig"] == offered


def test_a_tuning_job_of_the_built_in_algorithm_shows_the_metrics_that_it_tells(
    sagemaker: Any,
) -> None:
    algorithm = {"TrainingImage": XGBOOST, "TrainingInputMode": "File"}
    objective = {"Type": "Minimize", "MetricName": "validation:rmse"}
    described = tune(
        sagemaker,
        "built-in",
        TrainingJobDefinition=definition(
            AlgorithmSpecification=algorithm, TuningObjective=objective
        ),
    )

    shown = described["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    assert "validation:rmse" in [one["Name"] for one in shown]


def test_what_is_described_can_be_asked_for_again(sagemaker: Any) -> None:
    described = tune(sagemaker, "first")

    again = tune(sagemaker, "second", TrainingJobDefinition=described["TrainingJobDefinition"])

    assert again["TrainingJobDefinition"] == described["TrainingJobDefinition"]


def test_a_tuning_jobs_event_counts_its_training_jobs(sagemaker: Any, server: ApiServer) -> None:
    outbox = EventOutbox(server.records.transactions)
    before = outbox.last()
    tune(sagemaker, "counted")
    (event,) = outbox.after(before)
    assert event.detail_type == "SageMaker HyperParameter Tuning Job State Change"
    assert event.detail["TrainingJobStatusCounters"]["InProgress"] == 0
    assert event.detail["ObjectiveStatusCounters"] == {"Succeeded": 0, "Pending": 0, "Failed": 0}
