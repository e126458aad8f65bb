"""CI/CD: a model is trained, registered and approved; a function deploys it with guard rails."""

import json
from collections.abc import Iterator

import pytest
from tests.support.endpoints import settled, until
from tests.support.lambda_functions import create
from tests.support.training import begin, finished
from tests.support.training_jobs import IMAGE
from tests.support.versions import callers

from argosy.testing import Platform

pytestmark = pytest.mark.timeout(600)

GROUP = ENDPOINT = "churn"
ROLE = "arn:aws:iam::000000000000:role/releases"

TRAINS = """
import argparse, os, pathlib
import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

parser = argparse.ArgumentParser()
parser.add_argument("--name")
parser.add_argument("--delay", type=float)
given = parser.parse_args()
folder = pathlib.Path(os.environ["SM_MODEL_DIR"])
joblib.dump(LogisticRegression(max_iter=1000).fit(*load_iris(return_X_y=True)), folder / "m.joblib")
(folder / "code").mkdir()
(folder / "code" / "inference.py").write_text(f'''
import time
import joblib

def model_fn(folder):
    return joblib.load(folder + "/m.joblib")

def input_fn(body, content_type):
    return [[5.1, 3.5, 1.4, 0.2]]

def predict_fn(rows, model):
    time.sleep({given.delay})
    return model.predict(rows)

def output_fn(classes, accept):
    return "{given.name}"
''')
"""

DEPLOYS = """
import boto3

sagemaker, cloudwatch = boto3.client("sagemaker"), boto3.client("cloudwatch")
ENDPOINT, ROLE = "churn", "arn:aws:iam::000000000000:role/releases"

def handler(event, context):
    detail = event["detail"]
    name = f"{detail['ModelPackageGroupName']}-{detail['ModelPackageVersion']}"
    container = {"ModelPackageName": detail["ModelPackageArn"]}
    sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    if not sagemaker.list_endpoints(NameContains=ENDPOINT)["Endpoints"]:
        return sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=name)
    dimensions = {
        "EndpointName": ENDPOINT, "VariantName": "AllTraffic", "EndpointConfigName": name
    }
    cloudwatch.put_metric_alarm(
        AlarmName=f"{name}-is-slow",
        Namespace="AWS/SageMaker",
        MetricName="ModelLatency",
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Statistic="Average",
        Period=10,
        EvaluationPeriods=1,
        Threshold=100_000,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    routing = {
        "Type": "CANARY",
        "WaitIntervalInSeconds": 15,
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 30},
    }
    sagemaker.update_endpoint(
        EndpointName=ENDPOINT,
        EndpointConfigName=name,
        DeploymentConfig={
            "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing},
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": f"{name}-is-slow"}]},
        },
    )
"""


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """With metrics that count in seconds, and a function that deploys what is approved."""
    with Platform(scaling_period=1) as running:
        functions, events = running.client("lambda"), running.client("events")
        arn = create(functions, "deploys", DEPLOYS, Timeout=60)["FunctionArn"]
        pattern = {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Model Package State Change"],
            "detail": {"ModelPackageGroupName": [GROUP], "ModelApprovalStatus": ["Approved"]},
        }
        rule = events.put_rule(Name="approved", EventPattern=json.dumps(pattern))["RuleArn"]
        functions.add_permission(
            FunctionName="deploys",
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=rule,
        )
        events.put_targets(Rule="approved", Targets=[{"Id": "1", "Arn": arn}])
        running.client("sagemaker").create_model_package_group(ModelPackageGroupName=GROUP)
        yield running


def released(platform: Platform, name: str, delay: float = 0.0) -> str:
    """Train a version, register it, and let a person approve it; returns the package's ARN."""
    sagemaker = platform.client("sagemaker")
    begin(platform, f"release-{name}", TRAINS, given={"name": name, "delay": delay})
    job = finished(platform, f"release-{name}")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    container = {
        "Image": IMAGE,
        "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
        "Environment": {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        },
    }
    package = sagemaker.create_model_package(
        ModelPackageGroupName=GROUP, InferenceSpecification={"Containers": [container]}
    )["ModelPackageArn"]
    sagemaker.update_model_package(
        ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription="looks good"
    )
    return str(package)


def config_of(platform: Platform) -> str:
    """The config that the endpoint serves, once it has settled; "" while there is none."""
    sagemaker = platform.client("sagemaker")
    found = sagemaker.list_endpoints(NameContains=ENDPOINT)["Endpoints"]
    if not found or found[0]["EndpointStatus"] != "InService":
        return ""
    return str(sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"])


def test_approved_versions_are_deployed_and_a_bad_one_is_rolled_back(platform: Platform) -> None:
    released(platform, "first")
    until(lambda: config_of(platform) == f"{GROUP}-1", 120)

    with callers(platform, ENDPOINT) as clients:
        assert set(clients.answers) == {"first"}
        released(platform, "second")
        until(lambda: config_of(platform) == f"{GROUP}-2", 180)
        clients.more("second")

        released(platform, "slow", delay=0.3)
        until(lambda: clients.answers["slow"] > 0, 120)
        described = settled(platform, ENDPOINT, 180)
        clients.more("second")

    assert described["EndpointConfigName"] == f"{GROUP}-2"
    assert described["FailureReason"].endswith(f"in state ALARM: {GROUP}-3-is-slow.")
    assert clients.failures == []


def test_a_version_that_is_not_approved_is_not_deployed(platform: Platform) -> None:
    sagemaker = platform.client("sagemaker")
    (newest,) = sagemaker.list_model_packages(ModelPackageGroupName=GROUP, MaxResults=1)[
        "ModelPackageSummaryList"
    ]
    sagemaker.update_model_package(
        ModelPackageArn=newest["ModelPackageArn"], ModelApprovalStatus="Rejected"
    )
    with pytest.raises(sagemaker.exceptions.ClientError, match="Rejected"):
        sagemaker.create_model(
            ModelName="sneaky",
            PrimaryContainer={"ModelPackageName": newest["ModelPackageArn"]},
            ExecutionRoleArn=ROLE,
        )


def test_an_event_starts_a_pipeline_with_parameters(platform: Platform) -> None:
    sagemaker, events = platform.client("sagemaker"), platform.client("events")
    is_high = {"Type": "GreaterThan", "LeftValue": {"Get": "Parameters.Limit"}, "RightValue": 5}
    step = {"Name": "ask", "Type": "Condition", "Arguments": {"Conditions": [is_high]}}
    definition = {
        "Version": "2020-12-01",
        "Parameters": [{"Name": "Limit", "Type": "Integer"}],
        "Steps": [step],
    }
    arn = sagemaker.create_pipeline(
        PipelineName="Nightly", PipelineDefinition=json.dumps(definition), RoleArn=ROLE
    )["PipelineArn"]
    events.put_rule(Name="nightly", EventPattern=json.dumps({"source": ["my.data"]}))
    target = {
        "Id": "1",
        "Arn": arn,
        "RoleArn": ROLE,
        "SageMakerPipelineParameters": {"PipelineParameterList": [{"Name": "Limit", "Value": "7"}]},
    }
    assert events.put_targets(Rule="nightly", Targets=[target])["FailedEntryCount"] == 0

    events.put_events(Entries=[{"Source": "my.data", "DetailType": "Landed", "Detail": "{}"}])

    def succeeded() -> str:
        listed = sagemaker.list_pipeline_executions(PipelineName="Nightly")
        found = [
            one["PipelineExecutionArn"]
            for one in listed["PipelineExecutionSummaries"]
            if one["PipelineExecutionStatus"] == "Succeeded"
        ]
        return str(found[0]) if found else ""

    execution = until(succeeded, 60)
    (shown,) = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution)[
        "PipelineExecutionSteps"
    ]
    assert shown["Metadata"] == {"Condition": {"Outcome": "True"}}
