"""Tuning jobs, carried on pass by pass, each as by a control that has just started."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipelines import ROLE, PipelineScene

from argosy.control.tuning.reconciler import TuningReconciler
from argosy.ground.errors import ApiError, ResourceNotFound, ValidationException
from argosy.state.training_jobs import TRAINING_JOB
from argosy.state.tuning_jobs import TUNING_JOB

DEFINITION = {
    "StaticHyperParameters": {"epochs": "3"},
    "AlgorithmSpecification": {
        "TrainingImage": "sagemaker-scikit-learn:1.2-1",
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "auc", "Regex": "auc=([0-9.]+)"}],
    },
    "RoleArn": ROLE,
    "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 600},
}
UNTOLD = {
    **DEFINITION,
    "AlgorithmSpecification": {
        "TrainingImage": "sagemaker-scikit-learn:1.2-1",
        "TrainingInputMode": "File",
    },
}
RANGES = {"ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1"}]}


class Tuning(PipelineScene):
    """Training jobs do not run: a test says what becomes of them."""

    def tune(self, name: str = "tune", most: int = 3, parallel: int = 2, **config: Any) -> None:
        limits = {"MaxNumberOfTrainingJobs": most, "MaxParallelTrainingJobs": parallel}
        more = config.pop("more", {})
        self.ask(
            "CreateHyperParameterTuningJob",
            HyperParameterTuningJobName=name,
            HyperParameterTuningJobConfig={
                "Strategy": "Random",
                "ResourceLimits": limits,
                "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "auc"},
                "ParameterRanges": RANGES,
                "RandomSeed": 4,
                **config,
            },
            **{"TrainingJobDefinition": DEFINITION, **more},
        )

    def look(self) -> None:
        asyncio.run(TuningReconciler(self._means()).activate())

    def ends(
        self,
        number: int,
        status: str = "Completed",
        value: float | None = None,
        reason: str = "",
    ) -> None:
        """A training job ends, and has measured this."""
        records = sorted(self.records.find(TRAINING_JOB), key=lambda one: one.name)
        record = records[number - 1]
        metrics = {"auc": {"name": "auc", "value": value, "at": 0.0}} if value is not None else {}
        document = {**record.document, "metrics": metrics, "failure_reason": reason}
        self.records.update(record, now=self.clock.now(), document=document, status=status)

    def shown(self, name: str = "tune") -> dict[str, Any]:
        return self.ask("DescribeHyperParameterTuningJob", HyperParameterTuningJobName=name)

    def jobs(self, **asked: Any) -> list[dict[str, Any]]:
        listed = self.ask(
            "ListTrainingJobsForHyperParameterTuningJob",
            HyperParameterTuningJobName="tune",
            **asked,
        )
        return list(listed["TrainingJobSummaries"])


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Tuning]:
    made = Tuning(tmp_path)
    yield made
    made.close()


def test_trials_are_trained_and_the_best_is_told(scene: Tuning) -> None:
    scene.tune()
    scene.look()
    assert [one["TrainingJobStatus"] for one in scene.jobs()] == ["InProgress"] * 2
    scene.ends(1, value=0.7)
    scene.ends(2, value=0.9)
    scene.look()
    assert len(scene.jobs()) == 3
    scene.ends(3, value=0.8)
    scene.look()
    shown = scene.shown()
    assert shown["HyperParameterTuningJobStatus"] == "Completed"
    assert shown["TrainingJobStatusCounters"]["Completed"] == 3
    assert shown["ObjectiveStatusCounters"] == {"Succeeded": 3, "Pending": 0, "Failed": 0}
    best = shown["BestTrainingJob"]
    assert best["TrainingJobName"].startswith("tune-002-")
    final = best["FinalHyperParameterTuningJobObjectiveMetric"]
    assert final == {"Type": "Maximize", "MetricName": "auc", "Value": 0.9}
    ranked = scene.jobs(SortBy="FinalObjectiveMetricValue")
    assert [one["TrainingJobName"][5:8] for one in ranked] == ["002", "003", "001"]


def test_a_training_job_gets_what_was_chosen_and_knows_whose_it_is(scene: Tuning) -> None:
    scene.tune(parallel=1)
    scene.look()
    (summary,) = scene.jobs()
    job = scene.ask("DescribeTrainingJob", TrainingJobName=summary["TrainingJobName"])
    chosen = summary["TunedHyperParameters"]
    assert 0 <= float(chosen["rate"]) <= 1
    assert job["HyperParameters"] == {
        "epochs": "3",
        "_tuning_objective_metric": "auc",
        **chosen,
    }
    assert job["TuningJobArn"].endswith(":hyper-parameter-tuning-job/tune")


def test_a_control_that_was_killed_after_a_call_makes_no_second_job(scene: Tuning) -> None:
    scene.tune(parallel=1)
    scene.look()
    (first,) = scene.jobs()
    record = scene.records.find(TUNING_JOB)[0]
    unseen = [{**one, "status": ""} for one in record.document["trials"]]
    document = {**record.document, "trials": unseen}
    scene.records.update(record, now=scene.clock.now(), document=document)
    scene.look()
    assert [one["TrainingJobName"] for one in scene.jobs()] == [first["TrainingJobName"]]
    assert len(scene.records.find(TRAINING_JOB)) == 1


def test_stopping_stops_the_training_jobs(scene: Tuning) -> None:
    scene.tune()
    scene.look()
    scene.ask("StopHyperParameterTuningJob", HyperParameterTuningJobName="tune")
    scene.look()
    assert [one["TrainingJobStatus"] for one in scene.jobs()] == ["Stopping"] * 2
    assert scene.shown()["HyperParameterTuningJobStatus"] == "Stopping"
    for number in (1, 2):
        scene.ends(number, "Stopped")
    scene.look()
    assert scene.shown()["HyperParameterTuningJobStatus"] == "Stopped"


def test_a_target_that_is_reached_ends_what_still_runs(scene: Tuning) -> None:
    scene.tune(most=9, TuningJobCompletionCriteria={"TargetObjectiveMetricValue": 0.9})
    scene.look()
    scene.ends(1, value=0.95)
    scene.look()
    assert [one["TrainingJobStatus"] for one in scene.jobs()] == ["Completed", "Stopping"]
    scene.ends(2, "Stopped")
    scene.look()
    assert scene.shown()["HyperParameterTuningJobStatus"] == "Completed"
    assert len(scene.jobs()) == 2


def test_a_target_counts_when_a_training_job_has_ended_not_while_it_runs(scene: Tuning) -> None:
    scene.tune(most=2, TuningJobCompletionCriteria={"TargetObjectiveMetricValue": 0.9})
    scene.look()
    scene.ends(1, "InProgress", value=0.95)
    scene.look()
    assert [one["TrainingJobStatus"] for one in scene.jobs()] == ["InProgress"] * 2
    scene.ends(1, value=0.95)
    scene.ends(2, "Stopped", value=0.99)
    scene.look()
    assert scene.shown()["BestTrainingJob"]["TrainingJobName"].startswith("tune-001-")


def test_a_tuning_job_named_like_a_deleted_one_trains_anew(scene: Tuning) -> None:
    scene.tune(most=1, parallel=1)
    scene.look()
    scene.ends(1, value=0.9)
    scene.look()
    (before,) = scene.jobs()
    scene.ask("DeleteHyperParameterTuningJob", HyperParameterTuningJobName="tune")
    scene.clock.advance(60)
    scene.tune(most=1, parallel=1, RandomSeed=5)
    scene.look()
    (trial,) = scene.jobs()
    assert trial["TrainingJobStatus"] == "InProgress"
    assert trial["TrainingJobArn"] != before["TrainingJobArn"]


def test_trials_do_not_go_on_from_each_others_checkpoints(scene: Tuning) -> None:
    kept = {**DEFINITION, "CheckpointConfig": {"S3Uri": "s3://b/kept/"}}
    scene.tune(more={"TrainingJobDefinition": kept})
    scene.look()
    for one in scene.jobs():
        job = scene.ask("DescribeTrainingJob", TrainingJobName=one["TrainingJobName"])
        assert job["CheckpointConfig"]["S3Uri"] == f"s3://b/kept/{one['TrainingJobName']}"


def test_a_tuning_job_whose_training_jobs_all_fail_fails(scene: Tuning) -> None:
    scene.tune(most=2)
    scene.look()
    for number in (1, 2):
        scene.ends(number, "Failed")
    scene.look()
    shown = scene.shown()
    assert shown["HyperParameterTuningJobStatus"] == "Failed"
    assert shown["FailureReason"].startswith("All training jobs failed.")


def test_failures_of_the_platform_are_counted_as_such(scene: Tuning) -> None:
    scene.tune()
    scene.look()
    scene.ends(1, "Failed", reason="InternalServerError: The host algo-1 was stopped.")
    scene.ends(2, "Failed", reason="AlgorithmError: exit code 1")
    scene.look()
    counters = scene.shown()["TrainingJobStatusCounters"]
    assert (counters["RetryableError"], counters["NonRetryableError"]) == (1, 1)


def test_a_refused_training_job_ends_the_tuning_job(scene: Tuning) -> None:
    scene.tune()
    scene.answers["sagemaker:CreateTrainingJob"] = lambda asked: ValidationException("no such role")
    for _ in range(2):
        scene.look()
    shown = scene.shown()
    assert shown["HyperParameterTuningJobStatus"] == "Failed"
    assert "no such role" in shown["FailureReason"]


def test_several_definitions_take_turns(scene: Tuning) -> None:
    definitions = [
        {
            **DEFINITION,
            "DefinitionName": name,
            "TuningObjective": {"Type": "Maximize", "MetricName": "auc"},
            "HyperParameterRanges": RANGES,
        }
        for name in ("one", "two")
    ]
    more = {"TrainingJobDefinitions": definitions, "TrainingJobDefinition": None}
    scene.tune(ParameterRanges=None, HyperParameterTuningJobObjective=None, more=more)
    scene.look()
    assert [one["TrainingJobDefinitionName"] for one in scene.jobs()] == ["one", "two"]


def test_a_warm_start_knows_its_parents(scene: Tuning) -> None:
    scene.tune(most=1, parallel=1)
    scene.look()
    scene.ends(1, value=0.9)
    scene.look()
    warm = {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "tune"}],
        "WarmStartType": "IdenticalDataAndAlgorithm",
    }
    scene.tune("again", more={"WarmStartConfig": warm})
    shown = scene.shown("again")
    assert shown["OverallBestTrainingJob"]["TuningJobName"] == "tune"
    assert shown["WarmStartConfig"] == warm


def test_only_a_warm_start_of_the_same_data_tells_the_best_of_all(scene: Tuning) -> None:
    scene.tune(most=1, parallel=1)
    scene.look()
    scene.ends(1, value=0.9)
    scene.look()
    parents = [{"HyperParameterTuningJobName": "tune"}]
    other = {"ParentHyperParameterTuningJobs": parents, "WarmStartType": "TransferLearning"}
    scene.tune("other", more={"WarmStartConfig": other})
    assert "OverallBestTrainingJob" not in scene.shown("other")


def test_a_warm_start_is_for_the_parents_objective(scene: Tuning) -> None:
    scene.tune(most=1, parallel=1)
    scene.look()
    scene.ends(1, value=0.9)
    scene.look()
    parents = [{"HyperParameterTuningJobName": "tune"}]
    warm = {"ParentHyperParameterTuningJobs": parents, "WarmStartType": "TransferLearning"}
    least = {"Type": "Minimize", "MetricName": "auc"}
    with pytest.raises(ValidationException, match="parent tuning job 'tune'"):
        scene.tune("less", HyperParameterTuningJobObjective=least, more={"WarmStartConfig": warm})


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"Strategy": "Hyperband"}, "does not support the strategy Hyperband"),
    ({"Strategy": "Grid"}, "CategoricalParameterRanges only"),
    ({"TrainingJobEarlyStoppingType": "Auto"}, "EarlyStoppingType Auto"),
    ({"parallel": 9}, "must not be greater than MaxNumberOfTrainingJobs"),
    ({"ParameterRanges": {}}, "at least one range"),
    (
        {"HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "f1"}},
        "metric f1 is not among",
    ),
    ({"HyperParameterTuningJobObjective": None}, "Give HyperParameterTuningJobObjective"),
    ({"more": {"TrainingJobDefinition": UNTOLD}}, "A metric is required for this"),
    ({"more": {"TrainingJobDefinition": None}}, "Give TrainingJobDefinition"),
    (
        {"more": {"TrainingJobDefinition": {**DEFINITION, "StaticHyperParameters": {"rate": "1"}}}},
        "has a range, too",
    ),
]


@pytest.mark.parametrize(("config", "message"), REFUSED)
def test_what_cannot_be_tuned_is_refused(
    scene: Tuning, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(ApiError, match=message):
        scene.tune(**config)


def test_what_is_over_can_be_deleted_and_what_runs_cannot(scene: Tuning) -> None:
    scene.tune()
    named = {"HyperParameterTuningJobName": "tune"}
    call: Callable[..., Any] = scene.ask
    with pytest.raises(ApiError, match="stop it"):
        call("DeleteHyperParameterTuningJob", **named)
    call("StopHyperParameterTuningJob", **named)
    scene.look()
    call("DeleteHyperParameterTuningJob", **named)
    with pytest.raises(ResourceNotFound):
        scene.shown()
    assert scene.ask("ListHyperParameterTuningJobs")["HyperParameterTuningJobSummaries"] == []
