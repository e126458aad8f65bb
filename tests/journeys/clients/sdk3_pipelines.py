"""SDK 3: a pipeline tunes, trains, chooses, registers, makes a model and transforms with it.

A tuner alone tells what it found as a table.
"""

import json
import sys
from pathlib import Path

import boto3
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.parameter import ContinuousParameter
from sagemaker.core.resources import Model, ModelPackage
from sagemaker.core.shapes import ContainerDefinition
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, SourceCode
from sagemaker.core.transformer import Transformer
from sagemaker.core.workflow.conditions import ConditionEquals, ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import CacheConfig, TrainingStep, TransformStep, TuningStep
from sagemaker.serve import ModelBuilder
from sagemaker.train.model_trainer import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

folder, answers = map(Path, sys.argv[1:])
session = PipelineSession()
trust = {
    "Effect": "Allow",
    "Principal": {"Service": "sagemaker.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
role = boto3.client("iam").create_role(
    RoleName="sdk3-pipeline",
    AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
)["Role"]["Arn"]
data = session.upload_data(str(folder / "iris.csv"), key_prefix="sdk3/pipeline/data")
rows = session.upload_data(str(folder / "rows.csv"), key_prefix="sdk3/pipeline/rows")
image = image_uris.retrieve("sklearn", session.boto_region_name, version="1.2-1")

least = ParameterFloat(name="Least", default_value=0.9)
where = ParameterString(name="Data", default_value=data)
METRIC = "accuracy=([0-9.]+);"


def trainer(which, **hyperparameters):
    return ModelTrainer(
        training_image=image,
        source_code=SourceCode(source_dir=str(folder / "source"), entry_script="train.py"),
        compute=Compute(instance_type="ml.m5.large", instance_count=1),
        output_data_config=OutputDataConfig(
            s3_output_path=f"s3://{session.default_bucket()}/sdk3/pipeline/out"
        ),
        hyperparameters=hyperparameters,
        role=role,
        base_job_name="sdk3-pipeline",
        sagemaker_session=which,
    )


def tuner(which, most):
    return HyperparameterTuner(
        model_trainer=trainer(which),
        objective_metric_name="accuracy",
        hyperparameter_ranges={"strength": ContinuousParameter(0.00001, 10, "Logarithmic")},
        metric_definitions=[{"Name": "accuracy", "Regex": METRIC}],
        strategy="Random",
        max_jobs=most,
        max_parallel_jobs=most,
    )


measured = trainer(session, strength=2.0).with_metric_definitions(
    [{"name": "accuracy", "regex": METRIC}]
)
train = TrainingStep(
    name="Train",
    step_args=measured.train(
        input_data_config=[InputData(channel_name="train", data_source=where)]
    ),
    cache_config=CacheConfig(enable_caching=True, expire_after="P1D"),
)
rows_of = [InputData(channel_name="train", data_source=data)]
tune = TuningStep(
    name="Tune",
    step_args=tuner(session, 1).tune(inputs=rows_of),
    cache_config=CacheConfig(enable_caching=True, expire_after="P1D"),
)
builder = ModelBuilder(
    image_uri=image,
    s3_model_data_url=train.properties.ModelArtifacts.S3ModelArtifacts,
    role_arn=role,
    instance_type="ml.m5.large",
    sagemaker_session=session,
)
register = ModelStep(
    name="Keep",
    step_args=builder.register(
        model_package_group_name="sdk3-pipeline",
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.m5.large"],
        transform_instances=["ml.m5.large"],
        approval_status="Approved",
    ),
)
make = ModelStep(name="Make", step_args=builder.build())
transformer = Transformer(
    model_name=make.properties.ModelName,
    instance_count=1,
    instance_type="ml.m5.large",
    accept="text/csv",
    assemble_with="Line",
    output_path=f"s3://{session.default_bucket()}/sdk3/pipeline/transformed",
    sagemaker_session=session,
)
predict = TransformStep(
    name="Predict",
    step_args=transformer.transform(rows, content_type="text/csv", split_type="Line"),
)
bad = FailStep(name="Bad", error_message=Join(on=" ", values=["accuracy is below", least]))
choose = ConditionStep(
    name="Choose",
    conditions=[
        ConditionGreaterThanOrEqualTo(
            left=train.properties.FinalMetricDataList["accuracy"].Value, right=least
        ),
        ConditionEquals(left=tune.properties.BestTrainingJob.ObjectiveStatus, right="Succeeded"),
    ],
    if_steps=[register, make, predict],
    else_steps=[bad],
)
pipeline = Pipeline(
    name="sdk3-pipeline",
    parameters=[least, where],
    steps=[tune, train, choose],
    sagemaker_session=session,
)
pipeline.upsert(role_arn=role)
pipeline.upsert(role_arn=role, tags=[{"Key": "team", "Value": "ml"}])
told = {}


def run(name, **parameters):
    execution = pipeline.start(parameters=parameters)
    try:
        execution.wait(delay=1, max_attempts=1000)
    except Exception as error:
        told[f"{name}_error"] = str(error)
    shown = execution.describe()
    told[name] = {
        "status": shown["PipelineExecutionStatus"],
        "reason": shown.get("FailureReason", ""),
        "steps": {
            one["StepName"]: [one["StepStatus"], "CacheHitResult" in one, one.get("FailureReason")]
            for one in execution.list_steps()
        },
    }


run("good")
run("bad", Least=0.999)
listed = list(ModelPackage.get_all(model_package_group_name="sdk3-pipeline"))
listed[0].refresh()
told["packages"] = [one.model_approval_status for one in listed]
model = Model.create(
    model_name="sdk3-of-package",
    primary_container=ContainerDefinition(model_package_name=listed[0].model_package_arn),
    execution_role_arn=role,
)
told["image"] = model.primary_container.image
told["executions"] = len(pipeline.list_executions()["PipelineExecutionSummaries"])
alone = tuner(Session(), 2)
alone.tune(inputs=rows_of, job_name="sdk3-tuner", wait=True)
told["best"] = alone.best_training_job()
told["trials"] = sorted(alone.analytics().dataframe()["FinalObjectiveValue"].tolist())
answers.write_text(json.dumps(told))
