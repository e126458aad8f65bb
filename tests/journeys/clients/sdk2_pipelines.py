"""SDK 2: a pipeline trains, asks a function, chooses, registers, makes a model, transforms."""

import json
import sys
from pathlib import Path

import boto3
import sagemaker
from sagemaker.inputs import TrainingInput
from sagemaker.lambda_helper import Lambda
from sagemaker.processing import ProcessingInput, ProcessingOutput
from sagemaker.sklearn.estimator import SKLearn
from sagemaker.sklearn.model import SKLearnModel
from sagemaker.sklearn.processing import SKLearnProcessor
from sagemaker.transformer import Transformer
from sagemaker.workflow.condition_step import ConditionStep
from sagemaker.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.workflow.fail_step import FailStep
from sagemaker.workflow.functions import Join, JsonGet
from sagemaker.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep
from sagemaker.workflow.model_step import ModelStep
from sagemaker.workflow.parameters import ParameterFloat, ParameterString
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.properties import PropertyFile
from sagemaker.workflow.steps import CacheConfig, ProcessingStep, TrainingStep, TransformStep

folder, answers = map(Path, sys.argv[1:])
ROLE = "arn:aws:iam::000000000000:role/scientist"
session = PipelineSession()
data = session.upload_data(str(folder / "iris.csv"), key_prefix="sdk2/pipeline/data")
rows = session.upload_data(str(folder / "rows.csv"), key_prefix="sdk2/pipeline/rows")

least = ParameterFloat(name="Least", default_value=0.9)
where = ParameterString(name="Data", default_value=data)
estimator = SKLearn(
    entry_point="train.py",
    source_dir=str(folder / "source"),
    role=ROLE,
    instance_type="ml.m5.large",
    instance_count=1,
    framework_version="1.2-1",
    py_version="py3",
    hyperparameters={"strength": 2.0},
    metric_definitions=[{"Name": "accuracy", "Regex": "accuracy=([0-9.]+);"}],
    max_run=600,
    sagemaker_session=session,
)
train = TrainingStep(
    name="Train",
    step_args=estimator.fit({"train": TrainingInput(where, content_type="text/csv")}),
    cache_config=CacheConfig(enable_caching=True, expire_after="P1D"),
)
accuracy = LambdaOutput("accuracy", LambdaOutputTypeEnum.Float)
score = LambdaStep(
    name="Score",
    lambda_func=Lambda(
        function_name="sdk2-pipeline-score",
        execution_role_arn=ROLE,
        script=str(folder / "score.py"),
        handler="score.handler",
        timeout=30,
        session=session,
    ),
    inputs={"job": train.properties.TrainingJobName},
    outputs=[accuracy],
)
report = PropertyFile(name="Report", output_name="evaluation", path="evaluation.json")
evaluator = SKLearnProcessor(
    framework_version="1.2-1",
    role=ROLE,
    instance_type="ml.m5.large",
    instance_count=1,
    sagemaker_session=session,
)
evaluate = ProcessingStep(
    name="Evaluate",
    step_args=evaluator.run(
        code=str(folder / "evaluate.py"),
        inputs=[
            ProcessingInput(
                source=train.properties.ModelArtifacts.S3ModelArtifacts,
                destination="/opt/ml/processing/model",
            ),
            ProcessingInput(source=where, destination="/opt/ml/processing/data"),
        ],
        outputs=[
            ProcessingOutput(output_name="evaluation", source="/opt/ml/processing/evaluation")
        ],
    ),
    property_files=[report],
)
model = SKLearnModel(
    model_data=train.properties.ModelArtifacts.S3ModelArtifacts,
    role=ROLE,
    entry_point="train.py",
    source_dir=str(folder / "source"),
    framework_version="1.2-1",
    sagemaker_session=session,
)
register = ModelStep(
    name="Keep",
    step_args=model.register(
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.m5.large"],
        transform_instances=["ml.m5.large"],
        model_package_group_name="sdk2-pipeline",
        approval_status="PendingManualApproval",
    ),
)
make = ModelStep(name="Make", step_args=model.create(instance_type="ml.m5.large"))
transformer = Transformer(
    model_name=make.properties.ModelName,
    instance_count=1,
    instance_type="ml.m5.large",
    accept="text/csv",
    assemble_with="Line",
    output_path=f"s3://{session.default_bucket()}/sdk2/pipeline/out",
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
            left=score.properties.Outputs["accuracy"],
            right=least,
        ),
        ConditionGreaterThanOrEqualTo(
            left=JsonGet(
                step_name=evaluate.name,
                property_file=report,
                json_path="multiclass_classification_metrics.accuracy.value",
            ),
            right=least,
        ),
    ],
    if_steps=[register, make, predict],
    else_steps=[bad],
)
pipeline = Pipeline(
    name="sdk2-pipeline",
    parameters=[least, where],
    steps=[train, score, evaluate, choose],
    sagemaker_session=session,
)
pipeline.upsert(role_arn=ROLE)
pipeline.upsert(role_arn=ROLE, description="once more")
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
packages = boto3.client("sagemaker").list_model_packages(ModelPackageGroupName="sdk2-pipeline")
told["packages"] = [one["ModelApprovalStatus"] for one in packages["ModelPackageSummaryList"]]
told["transformed"] = sagemaker.s3.S3Downloader.read_file(
    f"s3://{session.default_bucket()}/sdk2/pipeline/out/rows.csv.out",
    sagemaker_session=sagemaker.Session(),
).split()
answers.write_text(json.dumps(told))
