"""Deep models under AWS's image names answer through an endpoint what they answer here."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.contracts.runtimes.kit_torch import Classifier, scripted
from tests.support.endpoints import archive, create_config, put_archive, settled
from tests.support.hub import hub

from argosy.testing import Platform

ACCOUNT = "763104351884.dkr.ecr.us-east-1.amazonaws.com"
PYTORCH = f"{ACCOUNT}/pytorch-inference:2.6.0-cpu-py312-ubuntu22.04-sagemaker"
HUGGING_FACE = (
    f"{ACCOUNT}/huggingface-pytorch-inference:2.6.0-transformers4.49.0-cpu-py312-ubuntu22.04"
)

SCRIPT = """
import json
import torch

def model_fn(model_dir):
    return torch.jit.load(model_dir + "/model.pt").eval()

def input_fn(body, content_type):
    assert content_type == "application/json"
    return torch.tensor(json.loads(body)["flowers"])

def output_fn(prediction, accept):
    return json.dumps({"classes": prediction.tolist()})
"""


def serve(platform: Platform, name: str, image: str, content: bytes, **environment: str) -> None:
    container = {
        "Image": image,
        "ModelDataUrl": put_archive(platform, name, content),
        "Environment": environment,
    }
    sagemaker = platform.client("sagemaker")
    sagemaker.create_model(ModelName=name, PrimaryContainer=container)
    create_config(platform, name, AllTraffic=(name, 1, 1.0))
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    described = settled(platform, name, timeout_s=150)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")


def served_from_the_hub(platform: Platform) -> dict[str, Any]:
    """DescribeEndpoint of an endpoint without model data, whose model is someone/film."""
    environment = {"HF_MODEL_ID": "someone/film", "HF_TASK": "text-classification"}
    container = {"Image": HUGGING_FACE, "Environment": environment}
    sagemaker = platform.client("sagemaker")
    sagemaker.create_model(ModelName="hub", PrimaryContainer=container)
    create_config(platform, "hub", AllTraffic=("hub", 1, 1.0))
    sagemaker.create_endpoint(EndpointName="hub", EndpointConfigName="hub")
    return settled(platform, "hub", timeout_s=150)


def invoked(platform: Platform, endpoint: str, value: Any) -> Any:
    answer = platform.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, ContentType="application/json", Body=json.dumps(value)
    )
    return json.loads(answer["Body"].read())


def packed(folder: Path, **scripts: str) -> bytes:
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    code = {f"code/{name}.py": text.encode() for name, text in scripts.items()}
    return archive(files | code)


def test_a_torchscript_model_with_a_script_answers_as_it_does_here(
    platform: Platform, tmp_path: Path
) -> None:
    scripted(Classifier(), tmp_path / "model.pt")
    serve(
        platform,
        "torch",
        PYTORCH,
        packed(tmp_path, inference=SCRIPT),
        SAGEMAKER_PROGRAM="inference.py",
        SAGEMAKER_SUBMIT_DIRECTORY="/opt/ml/model/code",
    )
    flowers = np.random.default_rng(0).uniform(0, 8, (40, 4)).tolist()

    got = invoked(platform, "torch", {"flowers": flowers})

    assert got == {"classes": Classifier()(torch.tensor(flowers)).tolist()}
    assert len(set(got["classes"])) > 1


def test_a_hugging_face_archive_answers_as_its_pipeline_does_here(
    platform: Platform, tmp_path: Path
) -> None:
    from tests.support.huggingface import save_classifier
    from transformers import pipeline

    save_classifier(tmp_path)
    serve(platform, "bert", HUGGING_FACE, packed(tmp_path), HF_TASK="text-classification")
    texts = ["the film was good", "bad"]

    got = invoked(platform, "bert", {"inputs": texts, "parameters": {"top_k": 2}})

    local = pipeline("text-classification", model=str(tmp_path), device="cpu")(texts, top_k=2)
    assert [[one["label"] for one in row] for row in got] == [["POS", "NEG"], ["NEG", "POS"]]
    scores = [[one["score"] for one in row] for row in got]
    assert np.allclose(scores, [[one["score"] for one in row] for row in local], atol=1e-5)


def test_a_model_of_the_hub_is_fetched_only_where_the_platform_allows_it(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support.huggingface import save_classifier

    refused = served_from_the_hub(platform)
    assert refused["EndpointStatus"] == "Failed"
    assert "fetches nothing from the Hugging Face hub" in refused["FailureReason"]

    save_classifier(tmp_path)
    with hub("someone/film", tmp_path) as remote:
        monkeypatch.setenv("HF_ENDPOINT", remote.url)
        with Platform(hub_downloads=True) as allowing:
            described = served_from_the_hub(allowing)
            assert described["EndpointStatus"] == "InService", described.get("FailureReason")
            assert invoked(allowing, "hub", {"inputs": "bad"})[0]["label"] == "NEG"
    assert any(path.endswith("/model.safetensors") for path in remote.asked)
