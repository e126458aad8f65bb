"""The variables a model sees."""

from dataclasses import replace

from argosy.agent.environment import load_environment, submit_uri, worker_environment
from argosy.ground.instances import ContainerSpec, InstanceSpec, StoreAccess

SPEC = InstanceSpec(
    instance_id="i-1",
    account="000000000000",
    region="eu-west-1",
    zone="eu-west-1a",
    owner="endpoint/e",
    deployment="d",
    variant="v",
    containers=(ContainerSpec(name="primary", image="x", runtime="sklearn"),),
    log_group="g",
    log_stream="s",
    store=StoreAccess(url="http://s", region="r", access_key_id="k", secret_access_key="TOP"),
)


def loaded(code_dir: str = "", base_dir: str = "/opt/ml", **own: str) -> dict[str, str]:
    spec = replace(SPEC, containers=(replace(SPEC.container, environment=own),))
    return load_environment(spec, base_dir=base_dir, temporary="/tmp", code_dir=code_dir)


def test_the_region_and_the_model_folder_are_told() -> None:
    seen = loaded()
    assert seen["AWS_REGION"] == seen["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert (seen["SM_MODEL_DIR"], seen["SAGEMAKER_BASE_DIR"]) == ("/opt/ml/model", "/opt/ml")


def test_the_models_own_variables_win() -> None:
    assert loaded(AWS_REGION="mine", X="1")["AWS_REGION"] == "mine"


def test_code_on_s3_is_told_by_the_folder_it_was_unpacked_to() -> None:
    own = {"SAGEMAKER_SUBMIT_DIRECTORY": "s3://b/sourcedir.tar.gz"}
    seen = loaded(code_dir="/opt/ml/code", **own)
    assert seen["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/code"


def test_a_path_below_opt_ml_is_told_as_it_is_without_a_sandbox() -> None:
    own = {"SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
    seen = loaded(base_dir="/data/i-1/ml", **own)
    assert seen["SAGEMAKER_SUBMIT_DIRECTORY"] == "/data/i-1/ml/model/code"


def test_keys_of_the_store_are_never_told() -> None:
    assert "TOP" not in "".join(loaded().values())


def test_only_an_s3_uri_is_fetched() -> None:
    assert submit_uri(SPEC) == ""
    container = replace(SPEC.container, environment={"SAGEMAKER_SUBMIT_DIRECTORY": "s3://b/k"})
    assert submit_uri(replace(SPEC, containers=(container,))) == "s3://b/k"


def test_of_the_hosts_variables_only_harmless_ones_reach_the_worker() -> None:
    host = {"AWS_SECRET_ACCESS_KEY": "s", "ARGOSY_X": "y", "PATH": "/evil", "OMP_NUM_THREADS": "2"}
    seen = worker_environment(
        host, path="/usr/bin", python_path="/opt/argosy", home="/tmp", temporary="/tmp"
    )
    assert seen["OMP_NUM_THREADS"] == "2"
    assert seen["PATH"] == "/usr/bin"
    assert not {"AWS_SECRET_ACCESS_KEY", "ARGOSY_X"} & seen.keys()
