"""MLflow's own command line (`mlflow deployments … -t sagemaker:/…`) against the platform.

After an update the client waits for at least 20 s: the tests have it return at once, and wait
themselves.
"""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_iris
from tests.support import mlflow_models
from tests.support.command import Ran, argosy
from tests.support.endpoints import settled
from tests.support.transforms import BUCKET, body, bucket, ended

from argosy.testing import Platform

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/mlflow-pyfunc:3.17.2"
ROLE = "arn:aws:iam::123456789012:role/service-role/sagemaker"
AT_ONCE = ("-C", "synchronous=False", "-C", "archive=True")
FRAME = load_iris(as_frame=True).data.iloc[::10]


@dataclass(frozen=True)
class Mlflow:
    """`mlflow deployments` as a user runs it after `eval "$(argosy env)"`."""

    environment: dict[str, str]
    models: Path
    rows: Path

    def __call__(self, verb: str, name: str, *options: str) -> Ran:
        done = subprocess.run(
            [
                *(sys.executable, "-P", "-m", "mlflow", "deployments", verb),
                *("-t", "sagemaker:/us-east-1", "--name", name, *options),
            ],
            env=self.environment,
            cwd=self.models,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def of(self, model: str) -> tuple[str, ...]:
        """The options that name a model, its image and a role."""
        configured = ("-C", f"image_url={IMAGE}", "-C", f"execution_role_arn={ROLE}")
        return ("-m", str(self.models / model), *configured)


@pytest.fixture(scope="module")
def mlflow(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Mlflow:
    folder = tmp_path_factory.mktemp("mlflow")
    mlflow_models.write(folder, "iris", "strict", "echo")
    rows = folder / "rows.json"
    FRAME.to_json(rows, orient="records")
    words = shlex.split(argosy(platform.environment(), "env").out)
    exports = dict(word.split("=", 1) for word in words if "=" in word)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ARGOSY_"))}
    return Mlflow({**kept, **exports, **mlflow_models.QUIET}, folder, rows)


def expected(strength: float) -> list[int]:
    """What `iris` (1.0) and `strict` (0.001) predict locally."""
    return list(mlflow_models.classifier(strength).predict(FRAME).tolist())


def predictions(platform: Platform, endpoint: str, **options: Any) -> list[Any]:
    answer = platform.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, ContentType="text/csv", Body=FRAME.to_csv(index=False), **options
    )
    return list(json.loads(answer["Body"].read())["predictions"])


def test_a_model_is_deployed_asked_updated_and_deleted(mlflow: Mlflow, platform: Platform) -> None:
    created = mlflow("create", "penguin", *mlflow.of("iris"), *AT_ONCE)
    assert created.code == 0, created.err
    settled(platform, "penguin", 90)
    asked = mlflow("predict", "penguin", "-I", str(mlflow.rows))
    assert json.loads(asked.out)["predictions"] == expected(1.0), asked.err

    sagemaker = platform.client("sagemaker")
    replaced = [m["ModelName"] for m in sagemaker.list_models(NameContains="penguin")["Models"]]
    updated = mlflow("update", "penguin", *mlflow.of("strict"), *AT_ONCE)
    assert updated.code == 0, updated.err
    settled(platform, "penguin", 90)
    assert predictions(platform, "penguin") == expected(0.001)

    deleted = mlflow("delete", "penguin")
    assert deleted.code == 0, deleted.err
    assert not sagemaker.list_endpoints(NameContains="penguin")["Endpoints"]
    left = sagemaker.list_models(NameContains="penguin")["Models"]
    assert [one["ModelName"] for one in left] == replaced  # of the first, archived by the update


def test_a_target_with_a_role_is_worked_on_as_that_role(mlflow: Mlflow, platform: Platform) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": platform.client("sts").get_caller_identity()["Account"]},
    }
    role = platform.client("iam").create_role(
        RoleName="mlflow-worker",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )["Role"]["Arn"]
    target = ("-t", f"sagemaker:/us-east-1/{role}")
    image = ("-C", f"image_url={IMAGE}")

    created = mlflow(
        "create", "assumed", "-m", str(mlflow.models / "iris"), *image, *AT_ONCE, *target
    )

    assert created.code == 0, created.err
    settled(platform, "assumed", 90)
    model = platform.client("sagemaker").list_models(NameContains="assumed")["Models"][0]
    described = platform.client("sagemaker").describe_model(ModelName=model["ModelName"])
    assert described["ExecutionRoleArn"] == role  # MLflow takes the role that it is


def test_a_second_model_is_added_beside_the_first(mlflow: Mlflow, platform: Platform) -> None:
    """Seed 003's custom Python model first, an sklearn model as a second variant."""
    name = "addition"
    assert mlflow("create", name, *mlflow.of("echo"), *AT_ONCE).code == 0
    settled(platform, name, 90)
    added = mlflow("update", name, *mlflow.of("iris"), "-C", "mode=add", *AT_ONCE)
    assert added.code == 0, added.err

    variants = [one["VariantName"] for one in settled(platform, name, 90)["ProductionVariants"]]
    answers = [predictions(platform, name, TargetVariant=variant) for variant in variants]
    assert [row["kind"] for row in answers[0]] == ["DataFrame"] * len(FRAME)
    assert answers[1] == expected(1.0)


def test_a_model_that_does_not_load_fails_the_command_and_the_endpoint_says_why(
    mlflow: Mlflow, platform: Platform
) -> None:
    broken = mlflow.models / "unloadable"
    broken.mkdir()
    (broken / "MLmodel").write_text(
        "flavors:\n  python_function:\n    loader_module: absent_module\n"
    )
    created = mlflow("create", "unloadable", *mlflow.of("unloadable"))

    assert created.code != 0
    failed = platform.client("sagemaker").describe_endpoint(EndpointName="unloadable")
    assert failed["EndpointStatus"] == "Failed"
    assert "'absent_module'" in failed["FailureReason"]


def test_a_transform_job_is_made_of_a_model_by_mlflow(mlflow: Mlflow, platform: Platform) -> None:
    """MLflow reads CSV with a header, so the object goes to the model whole."""
    s3 = bucket(platform)
    s3.put_object(Bucket=BUCKET, Key="mlflow/in/rows.csv", Body=FRAME.to_csv(index=False))
    options = {
        "--job-name": "mlflow-job",
        "--model-uri": "iris",
        "--input-data-type": "S3Prefix",
        "--input-uri": f"s3://{BUCKET}/mlflow/in/",
        "--output-path": f"s3://{BUCKET}/mlflow/out",
        "--content-type": "text/csv",
        "--split-type": "None",
        "--accept": "application/json",
        "--assemble-with": "None",
        "--execution-role-arn": ROLE,
        "--bucket": BUCKET,
        "--image-url": IMAGE,
        "--region-name": "us-east-1",
    }
    words = [word for pair in options.items() for word in pair]

    made = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "mlflow", "sagemaker", "deploy-transform-job"),
            *(*words, "--archive", "--async"),
        ],
        env=mlflow.environment,
        cwd=mlflow.models,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    described = ended(platform, "mlflow-job")

    assert described["TransformJobStatus"] == "Completed", described.get("FailureReason")
    answer = json.loads(body(s3, "mlflow/out/rows.csv.out"))
    assert answer["predictions"] == expected(1.0)
