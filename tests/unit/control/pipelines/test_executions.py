"""Executions of pipelines, carried on pass by pass, each as by a control that has just started."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipelines import ROLE, PipelineScene
from tests.support.tiny_store import tiny_store
from tests.support.training_jobs import request

from argosy.ground.errors import InternalFailure, ResourceNotFound, ThrottlingException
from argosy.state import pipelines as state
from argosy.state.transform_jobs import TRANSFORM_JOB
from argosy.state.tuning_jobs import TUNING_JOB

CONTAINER = {"Image": "sagemaker-xgboost:1.7-1", "ModelDataUrl": "s3://b/m.tar.gz"}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[PipelineScene]:
    made = PipelineScene(tmp_path)
    yield made
    made.close()


def model(name: str = "model", **members: Any) -> dict[str, Any]:
    arguments = {"PrimaryContainer": CONTAINER, "ExecutionRoleArn": ROLE}
    return {"Name": name, "Type": "Model", "Arguments": arguments, **members}


def transform(name: str = "score", **members: Any) -> dict[str, Any]:
    place = {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in/"}
    arguments = {
        "ModelName": {"Get": "Steps.model.ModelName"},
        "TransformInput": {"DataSource": {"S3DataSource": place}, "ContentType": "text/csv"},
        "TransformOutput": {"S3OutputPath": "s3://b/out/"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    return {"Name": name, "Type": "Transform", "Arguments": arguments, **members}


def ask(left: Any, right: Any, yes: Any = (), no: Any = ()) -> dict[str, Any]:
    condition = {"Type": "LessThan", "LeftValue": left, "RightValue": right}
    arguments = {"Conditions": [condition], "IfSteps": list(yes), "ElseSteps": list(no)}
    return {"Name": "ask", "Type": "Condition", "Arguments": arguments}


def function(**members: Any) -> dict[str, Any]:
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    outputs = [{"OutputName": "score", "OutputType": "Float"}]
    base = {"Name": "fun", "Type": "Lambda", "FunctionArn": arn, "Arguments": {"x": 1}}
    return {**base, "OutputParameters": outputs, **members}


def fail(message: Any) -> dict[str, Any]:
    return {"Name": "fail", "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def register(**members: Any) -> dict[str, Any]:
    specification = {"Containers": [CONTAINER], "SupportedContentTypes": ["text/csv"]}
    arguments = {"ModelPackageGroupName": "churn", "InferenceSpecification": specification}
    return {"Name": "register", "Type": "RegisterModel", "Arguments": {**arguments, **members}}


def test_steps_follow_each_other_and_the_execution_succeeds(scene: PipelineScene) -> None:
    arn = scene.start(transform(), model())
    scene.carry_on()
    assert scene.statuses(arn) == {"model": "Succeeded", "score": "Executing"}
    job = scene.records.find(TRANSFORM_JOB)[0]
    execution = arn.rpartition("/")[2]
    assert job.name.startswith(f"pipelines-{execution}-score-")
    assert job.document["asked"]["ModelName"].startswith(f"pipelines-{execution}-model-")
    scene.end_job(TRANSFORM_JOB, "Completed")
    scene.carry_on()
    assert scene.execution(arn)["PipelineExecutionStatus"] == "Succeeded"
    shown = scene.steps(arn)["score"]
    assert shown["Metadata"]["TransformJob"]["Arn"] == job.document["arn"]


def test_calls_are_made_on_behalf_of_the_pipelines_role(scene: PipelineScene) -> None:
    scene.start(model())
    scene.asked.clear()
    scene.carry_on()
    askers = dict(scene.asked)
    assert askers["sagemaker:CreateModel"].arn == ROLE


def test_a_control_that_was_killed_after_a_call_makes_no_second_job(scene: PipelineScene) -> None:
    arn = scene.start(model(), transform())
    scene.carry_on()
    record = scene.records.find(state.EXECUTION)[0]
    forgotten = {**record.document, "steps": {}}  # as before the first commit
    scene.records.update(record, now=scene.clock.now(), document=forgotten)
    scene.carry_on()
    assert len(scene.records.find(TRANSFORM_JOB)) == 1
    assert len(scene.records.find("model")) == 1
    assert scene.statuses(arn) == {"model": "Succeeded", "score": "Executing"}


def test_a_failed_job_fails_the_execution_and_nothing_after_it_begins(
    scene: PipelineScene,
) -> None:
    arn = scene.start(model(), transform(), register() | {"DependsOn": ["score"]})
    scene.carry_on()
    scene.end_job(TRANSFORM_JOB, "Failed", "AlgorithmError: it broke")
    scene.carry_on()
    shown = scene.execution(arn)
    assert shown["PipelineExecutionStatus"] == "Failed"
    assert shown["FailureReason"] == "Step failure: One or multiple steps failed."
    assert scene.steps(arn)["score"]["FailureReason"] == "AlgorithmError: it broke"
    assert "register" not in scene.steps(arn)


def test_a_refused_call_fails_the_step_with_its_words(scene: PipelineScene) -> None:
    arn = scene.start(model(Arguments={"ExecutionRoleArn": ROLE}))
    scene.carry_on()
    reason = scene.steps(arn)["model"]["FailureReason"]
    assert reason.startswith("ClientError: Failed to invoke sagemaker:CreateModel. Error Details:")


def test_a_condition_chooses_its_branch(scene: PipelineScene) -> None:
    arn = scene.start(ask({"Get": "Parameters.limit"}, 5, [model("yes")], [model("no")]), limit="7")
    scene.carry_on()
    assert scene.statuses(arn) == {"ask": "Succeeded", "no": "Succeeded"}
    assert scene.steps(arn)["ask"]["Metadata"] == {"Condition": {"Outcome": "False"}}
    assert scene.execution(arn)["PipelineExecutionStatus"] == "Succeeded"


def test_a_fail_step_says_why_the_execution_failed(scene: PipelineScene) -> None:
    message = {"Std:Join": {"On": " ", "Values": ["too bad:", {"Get": "Parameters.score"}]}}
    arn = scene.start(fail(message), score="0.3")
    scene.carry_on()
    shown = scene.execution(arn)
    assert (shown["PipelineExecutionStatus"], shown["FailureReason"]) == (
        "Failed",
        "too bad: 0.3",
    )


def test_a_model_is_registered_once_and_its_group_made(scene: PipelineScene) -> None:
    arn = scene.start(register())
    scene.carry_on()
    package = scene.steps(arn)["register"]["Metadata"]["RegisterModel"]["Arn"]
    assert package.endswith(":model-package/churn/1")
    scene.start(register())
    scene.carry_on()
    listed = scene.ask("ListModelPackages", ModelPackageGroupName="churn")
    assert len(listed["ModelPackageSummaryList"]) == 2


def test_tags_of_a_registration_are_those_of_the_group_that_it_makes(scene: PipelineScene) -> None:
    tags = [{"Key": "team", "Value": "ml"}]
    arn = scene.start(register(Tags=tags))
    scene.carry_on()
    assert scene.statuses(arn) == {"register": "Succeeded"}
    group = scene.ask("DescribeModelPackageGroup", ModelPackageGroupName="churn")
    assert scene.ask("ListTags", ResourceArn=group["ModelPackageGroupArn"])["Tags"] == tags


def test_a_functions_answer_is_what_later_steps_see(scene: PipelineScene) -> None:
    scene.answers["lambda:Invoke"] = lambda asked: {
        "Payload": json.dumps({"score": json.loads(asked["Payload"])["x"] + 0.5}).encode()
    }
    score = {"Get": "Steps.fun.OutputParameters['score']"}
    arn = scene.start(function(), ask(score, 2, [model()]))
    scene.carry_on(passes=3)
    assert scene.statuses(arn) == {
        "fun": "Succeeded",
        "ask": "Succeeded",
        "model": "Succeeded",
    }
    told = scene.steps(arn)["fun"]["Metadata"]["Lambda"]["OutputParameters"]
    assert told == [{"Name": "score", "Value": "1.5"}]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"Payload": b'{"errorMessage":"boom"}', "FunctionError": "Unhandled"}, "boom"),
        ({"Payload": b"{}"}, "lacks the outputs score"),
        ({"Payload": b"not json"}, "lacks the outputs score"),
    ],
)
def test_a_function_that_fails_fails_its_step(
    scene: PipelineScene, answer: dict[str, Any], reason: str
) -> None:
    scene.answers["lambda:Invoke"] = lambda asked: answer
    arn = scene.start(function())
    scene.carry_on(passes=3)
    assert reason in scene.steps(arn)["fun"]["FailureReason"]
    assert scene.execution(arn)["PipelineExecutionStatus"] == "Failed"


def test_numbers_stand_where_the_api_wants_texts(scene: PipelineScene) -> None:
    container = {**CONTAINER, "Environment": {"N": 3, "RATE": 0.5, "ON": True, "TEXT": "x"}}
    arn = scene.start(model(Arguments={"PrimaryContainer": container, "ExecutionRoleArn": ROLE}))
    scene.carry_on()
    assert scene.statuses(arn) == {"model": "Succeeded"}
    name = scene.records.find("model")[0].name
    made = scene.ask("DescribeModel", ModelName=name)["PrimaryContainer"]
    assert made["Environment"] == {"N": "3", "RATE": "0.5", "ON": "true", "TEXT": "x"}


def test_a_step_tunes_by_a_job_whose_name_is_short_enough(scene: PipelineScene) -> None:
    ranges = {"CategoricalParameterRanges": [{"Name": "rate", "Values": ["1", "2"]}]}
    config = {
        "Strategy": "Grid",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "score"},
        "ResourceLimits": {"MaxParallelTrainingJobs": 1},
        "ParameterRanges": ranges,
    }
    definition = request(algorithm={"MetricDefinitions": [{"Name": "score", "Regex": "s=(.*)"}]})
    del definition["TrainingJobName"]
    arguments = {"HyperParameterTuningJobConfig": config, "TrainingJobDefinition": definition}
    tune = {"Name": "Tune-all-of-it", "Type": "Tuning", "Arguments": arguments}
    arn = scene.start(tune)
    scene.carry_on()
    assert scene.statuses(arn) == {"Tune-all-of-it": "Executing"}
    job = scene.end_job(TUNING_JOB, "Completed")
    assert job.name.startswith(f"{arn.rpartition('/')[2]}-tune-all-")
    scene.carry_on()
    assert scene.execution(arn)["PipelineExecutionStatus"] == "Succeeded"


def test_a_callback_waits_for_its_answer(scene: PipelineScene) -> None:
    sent: list[dict[str, Any]] = []
    scene.answers["sqs:SendMessage"] = lambda asked: sent.append(json.loads(asked["MessageBody"]))
    outputs = [{"OutputName": "n", "OutputType": "Integer"}]
    callback = {"Name": "wait", "Type": "Callback", "SqsQueueUrl": "u", "Arguments": {"a": "b"}}
    arn = scene.start({**callback, "OutputParameters": outputs})
    scene.carry_on(passes=2)
    assert scene.statuses(arn) == {"wait": "Executing"}
    assert sent[0]["arguments"] == {"a": "b"}
    answer = [{"Name": "n", "Value": "3"}]
    scene.ask(
        "SendPipelineExecutionStepSuccess",
        CallbackToken=sent[0]["token"],
        OutputParameters=answer,
    )
    scene.carry_on()
    assert scene.execution(arn)["PipelineExecutionStatus"] == "Succeeded"
    assert scene.steps(arn)["wait"]["Metadata"]["Callback"]["OutputParameters"] == answer


def test_a_callbacks_token_is_known_before_the_message_is_out(scene: PipelineScene) -> None:
    known: list[bool] = []

    def sent(asked: dict[str, Any]) -> None:
        step = scene.records.find(state.EXECUTION)[0].document["steps"]["wait"]
        known.append(step.get("token") == json.loads(asked["MessageBody"])["token"])

    scene.answers["sqs:SendMessage"] = sent
    scene.start({"Name": "wait", "Type": "Callback", "SqsQueueUrl": "u"})
    scene.carry_on()
    assert known == [True]


def test_an_execution_that_is_to_stop_waits_for_its_callback(scene: PipelineScene) -> None:
    sent: list[dict[str, Any]] = []
    scene.answers["sqs:SendMessage"] = lambda asked: sent.append(json.loads(asked["MessageBody"]))
    callback = {"Name": "wait", "Type": "Callback", "SqsQueueUrl": "u", "Arguments": {"a": "b"}}
    arn = scene.start(callback)
    scene.carry_on()
    scene.ask("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken="s" * 32)
    scene.carry_on(passes=3)
    assert [one["status"] for one in sent] == ["Executing", "Stopping"]
    assert scene.statuses(arn) == {"wait": "Stopping"}
    assert scene.execution(arn)["PipelineExecutionStatus"] == "Stopping"
    scene.ask("SendPipelineExecutionStepFailure", CallbackToken=sent[1]["token"])
    scene.carry_on()
    assert scene.execution(arn)["PipelineExecutionStatus"] == "Stopped"


def test_a_callback_whose_queue_is_gone_does_not_keep_an_execution_from_stopping(
    scene: PipelineScene,
) -> None:
    scene.answers["sqs:SendMessage"] = lambda asked: None
    arn = scene.start({"Name": "wait", "Type": "Callback", "SqsQueueUrl": "u"})
    scene.carry_on()
    scene.answers["sqs:SendMessage"] = lambda asked: ResourceNotFound("no such queue")
    scene.ask("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken="s" * 32)
    scene.carry_on()
    assert scene.execution(arn)["PipelineExecutionStatus"] == "Stopped"


def test_what_was_done_before_is_not_done_again_while_it_is_fresh(scene: PipelineScene) -> None:
    scene.answers["lambda:Invoke"] = lambda asked: {"Payload": b'{"score": 1}'}
    cached = function(CacheConfig={"Enabled": True, "ExpireAfter": "PT1H"})
    first = scene.start(cached)
    scene.carry_on(passes=3)
    second = scene.start(cached)
    scene.carry_on()
    assert scene.steps(second)["fun"]["CacheHitResult"] == {"SourcePipelineExecutionArn": first}
    other = scene.start({**cached, "Arguments": {"x": 2}})
    scene.carry_on(passes=3)
    assert "CacheHitResult" not in scene.steps(other)["fun"]
    scene.clock.advance(3601)
    third = scene.start(cached)
    scene.carry_on(passes=3)
    assert "CacheHitResult" not in scene.steps(third)["fun"]
    other = scene.start({**cached, "Arguments": {"x": 2}})
    scene.carry_on(passes=3)
    assert "CacheHitResult" not in scene.steps(other)["fun"]


def test_a_throttled_call_is_made_again_after_its_time(scene: PipelineScene) -> None:
    scene.answers["sagemaker:CreateModel"] = lambda asked: ThrottlingException("slow down")
    policy = {"ExceptionType": ["Step.THROTTLING"], "IntervalSeconds": 30, "MaxAttempts": 2}
    arn = scene.start(model(RetryPolicies=[policy]))
    scene.carry_on()
    assert scene.statuses(arn) == {"model": "Starting"}
    del scene.answers["sagemaker:CreateModel"]
    scene.clock.advance(29)
    scene.carry_on()
    assert scene.statuses(arn) == {"model": "Starting"}
    scene.clock.advance(1)
    scene.carry_on()
    assert scene.steps(arn)["model"]["AttemptCount"] == 1
    assert scene.execution(arn)["PipelineExecutionStatus"] == "Succeeded"


def test_stopping_stops_what_is_under_way(scene: PipelineScene) -> None:
    arn = scene.start(model(), transform())
    scene.carry_on()
    scene.ask("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken="x" * 32)
    scene.carry_on()
    assert scene.statuses(arn)["score"] == "Stopping"
    assert scene.records.find(TRANSFORM_JOB)[0].status == "Stopping"
    scene.end_job(TRANSFORM_JOB, "Stopped")
    scene.carry_on()
    assert scene.execution(arn)["PipelineExecutionStatus"] == "Stopped"
    assert scene.statuses(arn)["score"] == "Stopped"


def test_a_retry_does_only_what_has_not_succeeded(scene: PipelineScene) -> None:
    arn = scene.start(model(), transform())
    scene.carry_on()
    scene.end_job(TRANSFORM_JOB, "Failed", "x")
    scene.carry_on()
    scene.clock.advance(1)
    scene.ask("RetryPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken="x" * 32)
    scene.carry_on()
    assert [job.status for job in scene.records.find(TRANSFORM_JOB)] == ["Failed", "InProgress"]
    assert len(scene.records.find("model")) == 1
    scene.end_job(TRANSFORM_JOB, "Completed")
    scene.carry_on()
    assert scene.execution(arn)["PipelineExecutionStatus"] == "Succeeded"


def test_no_more_steps_run_at_once_than_may(scene: PipelineScene) -> None:
    arn = scene.start(model(), transform("a"), transform("b"), parallel=1)
    scene.carry_on()
    assert scene.statuses(arn) == {"model": "Succeeded", "a": "Executing"}
    scene.end_job(TRANSFORM_JOB, "Completed")
    scene.carry_on()
    assert scene.statuses(arn)["b"] == "Executing"


def test_a_json_file_of_an_earlier_step_is_read(tmp_path: Path) -> None:
    with tiny_store() as store:
        store.put("b/out/evaluation.json", b'{"metrics": {"auc": {"value": 0.75}}}')
        scene = PipelineScene(tmp_path, store.access)
        uri = {"Std:Join": {"On": "/", "Values": ["s3://b/out", {"Get": "Parameters.file"}]}}
        auc = {"Std:JsonGet": {"S3Uri": uri, "Path": "metrics.auc.value"}}
        arn = scene.start(ask(auc, 0.8, [model("retrain")]), file="evaluation.json")
        missing = scene.start(ask(auc, 0.8), file="nothing.json")
        scene.carry_on()
        assert scene.statuses(arn) == {"ask": "Succeeded", "retrain": "Succeeded"}
        assert "nothing.json" in scene.steps(missing)["ask"]["FailureReason"]
        scene.close()


def test_a_function_that_control_was_killed_in_is_called_again(scene: PipelineScene) -> None:
    calls: list[Any] = []
    scene.answers["lambda:Invoke"] = lambda asked: (
        calls.append(asked) or {"Payload": b'{"score": 1}'}
    )
    arn = scene.start(function())
    scene.carry_on()  # this control never sees the answer
    assert scene.statuses(arn) == {"fun": "Executing"}
    scene.carry_on(passes=3)
    assert scene.statuses(arn) == {"fun": "Succeeded"}
    assert {one["FunctionName"] for one in calls} == {function()["FunctionArn"]}


def test_a_job_that_cannot_be_looked_at_for_a_moment_goes_on(scene: PipelineScene) -> None:
    arn = scene.start(model(), transform())
    scene.carry_on()
    scene.answers["sagemaker:DescribeTransformJob"] = lambda asked: InternalFailure("full disk")
    scene.carry_on()
    assert scene.statuses(arn)["score"] == "Executing"
    del scene.answers["sagemaker:DescribeTransformJob"]
    scene.end_job(TRANSFORM_JOB, "Completed")
    scene.carry_on()
    assert scene.execution(arn)["PipelineExecutionStatus"] == "Succeeded"


def test_every_change_of_status_is_an_event(scene: PipelineScene) -> None:
    scene.start(model())
    scene.carry_on()
    told = [one for one in scene.events() if "Pipeline" in one.detail_type]
    assert [
        one.detail.get("currentStepStatus") or one.detail["currentPipelineExecutionStatus"]
        for one in told
    ] == ["Executing", "Succeeded", "Succeeded"]
    assert told[1].detail["metadata"]["model"]["arn"].startswith("arn:aws:sagemaker")
    assert told[1].detail_type.endswith("Execution Step Status Change")
    assert told[2].detail["previousPipelineExecutionStatus"] == "Executing"
