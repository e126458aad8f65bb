"""The Hugging Face runtime without a worker around it."""

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from argosy.runtimes import huggingface
from argosy.runtimes.answers import Answer
from argosy.runtimes.base import LoadError, Model, Place
from argosy.runtimes.frames import encode_head

JSON = encode_head({"content-type": "application/json"})
VARIABLES = ("SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY", "HF_TASK", "HF_MODEL_ID")


@pytest.fixture(scope="module", autouse=True)
def prepared() -> Iterator[None]:
    """As in a worker; the variables it sets are taken back for other tests."""
    before = dict(os.environ)
    huggingface.prepare()
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Unpacked archives of small models."""
    from tests.support import huggingface as small

    folders = {}
    for name in ("classifier", "writer", "viewer"):
        folders[name] = tmp_path_factory.mktemp(name)
        getattr(small, f"save_{name}")(folders[name])
    return folders


@pytest.fixture(scope="module")
def classifier(saved: dict[str, Path]) -> Model:
    return load(saved["classifier"])


def load(folder: Path) -> Model:
    return huggingface.load(Place(folder, folder.parent))


def local(task: str, folder: Path) -> Any:
    from transformers import pipeline

    return pipeline(task, model=str(folder), device="cpu")


def said(answer: Answer) -> Any:
    assert isinstance(answer.body, bytes)
    return json.loads(answer.body)


def asked(model: Model, value: Any) -> Any:
    answer = model.answer(JSON, json.dumps(value).encode())
    assert answer.status == 200, answer.body
    return said(answer)


def why_not(folder: Path) -> str:
    with pytest.raises(LoadError) as error:
        load(folder)
    return str(error.value)


# requests


def test_inputs_and_parameters_reach_the_pipeline(
    saved: dict[str, Path], classifier: Model
) -> None:
    pipeline = local("text-classification", saved["classifier"])
    texts = ["the film was good", "bad"]
    assert asked(classifier, {"inputs": texts[0]}) == pipeline(texts[0])
    body = {"inputs": texts, "parameters": {"top_k": None}}
    got, wanted = asked(classifier, body), pipeline(texts, top_k=None)
    assert [[one["label"] for one in row] for row in got] == [
        [one["label"] for one in row] for row in wanted
    ]


def test_a_body_without_inputs_is_the_input(classifier: Model) -> None:
    pair = asked(classifier, {"text": "good", "text_pair": "bad"})
    assert pair["label"] in ("NEG", "POS")
    assert pair != asked(classifier, {"inputs": "good"})[0]


def test_a_text_goes_on_as_it_does_locally(saved: dict[str, Path]) -> None:
    options = {"max_new_tokens": 4, "do_sample": False}
    got = asked(load(saved["writer"]), {"inputs": "the film", "parameters": options})
    assert got == local("text-generation", saved["writer"])("the film", **options)


def test_a_csv_is_read_by_its_header_and_written_with_one(classifier: Model) -> None:
    head = encode_head({"content-type": "text/csv", "accept": "text/csv"})
    lines = classifier.answer(head, b"inputs\ngood\nbad film\n").body.decode().splitlines()
    assert lines[0] == "label,score"
    assert [line.split(",")[0] for line in lines[1:]] == [
        one["label"] for one in asked(classifier, {"inputs": ["good", "bad film"]})
    ]


def test_a_picture_is_sent_as_it_is(saved: dict[str, Path]) -> None:
    picture = Image.new("RGB", (10, 10), "red")
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    model = load(saved["viewer"])
    got = said(model.answer(encode_head({"content-type": "image/png"}), stream.getvalue()))
    assert got == local("image-classification", saved["viewer"])(picture)
    assert model.answer(encode_head({"content-type": "image/png"}), b"no picture").status == 400


@pytest.mark.parametrize(
    ("head", "body", "says"),
    [
        ({}, b"", "empty"),
        ({}, b"{", "cannot be read"),
        ({}, b'{"inputs": "good", "parameters": 1}', "must be an object"),
        ({}, b'{"inputs": 5}', ""),
        ({}, b'{"inputs": {"no": 1}}', ""),
        ({"content-type": "text/csv"}, b"good\nbad\n", "header line"),
        ({"content-type": "application/pdf"}, b"x", "not supported"),
        ({"accept": "image/png"}, b'{"inputs": "good"}', "not supported"),
    ],
)
def test_every_failure_is_a_400_with_its_message(
    classifier: Model, head: dict[str, str], body: bytes, says: str
) -> None:
    answer = classifier.answer(encode_head(head), body)
    assert answer.status == 400
    assert said(answer)["code"] == 400
    assert says in said(answer)["message"]
    assert said(answer)["message"]


# loading


def test_hf_task_goes_before_the_architecture(
    saved: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TASK", "feature-extraction")
    assert len(asked(load(saved["classifier"]), {"inputs": "good"})[0]) == 3


def test_an_empty_archive_says_what_belongs_into_it(tmp_path: Path) -> None:
    assert "no model file (config.json and weights)" in why_not(tmp_path)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ('{"architectures": ["BertModel"]}', "set HF_TASK"),
        ("{}", "set HF_TASK"),
        ("[", "cannot be read"),
        ('{"architectures": ["BertForQuestionAnswering"]}', "no pipeline for the task question"),
        (
            '{"architectures": ["BertForMaskedLM"], "model_type": "bert"}',
            "no pipeline can be made of the archive's files",
        ),
    ],
)
def test_a_config_that_makes_no_pipeline_says_why(tmp_path: Path, config: str, says: str) -> None:
    (tmp_path / "config.json").write_text(config)
    assert says in why_not(tmp_path)


def test_nothing_is_fetched_from_the_hub_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_MODEL_ID", "someone/model")
    monkeypatch.setenv("ARGOSY_HUB_DOWNLOADS", "1")  # a model's environment comes too late
    assert "fetches nothing from the Hugging Face hub" in why_not(tmp_path)


# scripts


def test_a_scripts_handlers_stand_around_the_pipeline(tmp_path: Path) -> None:
    from tests.support.huggingface import save_classifier

    save_classifier(tmp_path)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "inference.py").write_text(
        "def predict_fn(data, model):\n"
        "    if data['inputs'] == 'fail':\n"
        "        raise RuntimeError('on purpose')\n"
        "    return {'label': model(data['inputs'])[0]['label'].lower()}\n"
    )
    model = load(tmp_path)
    assert asked(model, {"inputs": "good"})["label"] in ("neg", "pos")
    failed = model.answer(JSON, b'{"inputs": "fail"}')
    assert (failed.status, said(failed)["message"]) == (400, "on purpose")
