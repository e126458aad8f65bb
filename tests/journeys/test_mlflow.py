"""MLflow's own command line (`mlflow deployments … -t sagemaker:/…`) against the platform.

The client waits for at least 20 s after an update and sleeps 5 s between looks, so only one test
lets it wait for an update.
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

from argosy.testing import Platform
from support import mlflow_models
from support.command import Ran, argosy
from support.endpoints import settled

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

    def __call__(self, verb: str, name: str, *options: str, target: str = "us-east-1") -> Ran:
        done = subprocess.run(
            [
                *(sys.executable, "-P", "-m", "mlflow", "deployments", verb),
                *("-t", f"sagemaker:/{target}", "--name", name, *options),
            ],
            env=self.environment,
            cwd=self.models,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def of(self, model: str, image: str = IMAGE, role: str | None = ROLE) -> tuple[str, ...]:
        """The options that name a model, its image and a role."""
        roles = ("-C", f"execution_role_arn={role}") if role else ()
        return ("-m", str(self.models / model), "-C", f"image_url={image}", *roles)

    def predict(self, name: str) -> list[Any]:
        asked = self("predict", name, "-I", str(self.rows))
        assert asked.code == 0, asked.err
        return list(json.loads(asked.out)["predictions"])


@pytest.fixture(scope="module")
def mlflow(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Mlflow:
    folder = tmp_path_factory.mktemp("mlflow")
    mlflow_models.write(folder)
    rows = folder / "rows.json"
    FRAME.to_json(rows, orient="records")
    words = shlex.split(argosy(platform.environment(), "env").out)
    exports = dict(word.split("=", 1) for word in words if "=" in word)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ARGOSY_"))}
    return Mlflow({**kept, **exports, **mlflow_models.QUIET}, folder, rows)


def test_a_model_is_deployed_asked_updated_and_deleted(
    mlflow: Mlflow, platform: Platform
) -> None:
    created = mlflow("create", "penguin", *mlflow.of("iris"))
    assert created.code == 0, created.err
    assert mlflow.predict("penguin") == mlflow_models.classifier().predict(FRAME).tolist()
    assert "InService" in mlflow("get", "penguin").out

    updated = mlflow("update", "penguin", *mlflow.of("strict"))
    assert updated.code == 0, updated.err
    assert mlflow.predict("penguin") == mlflow_models.classifier(0.001).predict(FRAME).tolist()

    deleted = mlflow("delete", "penguin")
    assert deleted.code == 0, deleted.err
    sagemaker = platform.client("sagemaker")
    assert not sagemaker.list_endpoints(NameContains="penguin")["Endpoints"]
    assert not sagemaker.list_endpoint_configs(NameContains="penguin")["EndpointConfigs"]
    assert not sagemaker.list_models(NameContains="penguin")["Models"]


def test_a_second_model_is_added_beside_the_first(mlflow: Mlflow, platform: Platform) -> None:
    """Seed 003's custom Python model first, an sklearn model as a second variant."""
    name = "addition"
    assert mlflow("create", name, *mlflow.of("echo"), *AT_ONCE).code == 0
    settled(platform, name)
    added = mlflow("update", name, *mlflow.of("iris"), "-C", "mode=add", *AT_ONCE)
    assert added.code == 0, added.err

    described = settled(platform, name, 90)
    runtime = platform.client("sagemaker-runtime")
    answers = [
        json.loads(
            runtime.invoke_endpoint(
                EndpointName=name,
                TargetVariant=variant["VariantName"],
                ContentType="text/csv",
                Body=FRAME.to_csv(index=False),
            )["Body"].read()
        )["predictions"]
        for variant in described["ProductionVariants"]
    ]
    assert [row["kind"] for row in answers[0]] == ["DataFrame"] * len(FRAME)
    assert answers[1] == mlflow_models.classifier().predict(FRAME).tolist()


def test_the_role_that_the_target_names_becomes_the_models(
    mlflow: Mlflow, platform: Platform
) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
    role = platform.client("iam").create_role(
        RoleName="mlflow-deployer", AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]

    options = mlflow.of("iris", role=None)
    created = mlflow("create", "by-role", *options, *AT_ONCE, target=f"us-east-1/{role}")

    assert created.code == 0, created.err
    assert settled(platform, "by-role")["EndpointStatus"] == "InService"
    sagemaker = platform.client("sagemaker")
    model = sagemaker.list_models(NameContains="by-role")["Models"][0]["ModelName"]
    assert sagemaker.describe_model(ModelName=model)["ExecutionRoleArn"] == role


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


def test_an_mlflow_archive_does_not_make_an_unknown_image_known(mlflow: Mlflow) -> None:
    created = mlflow("create", "foreign", *mlflow.of("iris", image="example.org/team/scorer:1"))

    assert created.code != 0
    assert "example.org/team/scorer:1" in created.err
