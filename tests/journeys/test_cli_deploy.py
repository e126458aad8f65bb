"""From a model file to answers and away again, with nothing but the `argosy` command."""

import json
import pickle
from pathlib import Path

import joblib
import pytest
import skops.io
from tests.support.command import Ran, argosy
from tests.support.endpoints import ROWS, classifier, in_service, model_archive

from argosy.testing import Platform

MODEL = classifier()
OTHER = classifier(0.001)


class Argosy:
    """The command line of one platform."""

    def __init__(self, platform: Platform) -> None:
        self._environment = platform.environment()

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Ran:
        return argosy(self._environment, *arguments, stdin=stdin)


@pytest.fixture(scope="module")
def run(platform: Platform) -> Argosy:
    return Argosy(platform)


def save(folder: Path, form: str) -> Path:
    """The classifier in one of the forms that `deploy` takes."""
    path = folder / f"model.{form}"
    if form == "joblib":
        joblib.dump(MODEL, path)
    elif form == "pkl":
        path.write_bytes(pickle.dumps(MODEL))
    elif form == "skops":
        skops.io.dump(MODEL, path)
    elif form == "tar.gz":
        path.write_bytes(model_archive(MODEL))
    else:
        path.mkdir()
        joblib.dump(MODEL, path / "model.joblib")
    return path


@pytest.mark.parametrize("form", ["joblib", "pkl", "skops", "tar.gz", "folder"])
def test_one_line_deploys_a_model_in_any_form(run: Argosy, tmp_path: Path, form: str) -> None:
    name = f"cli-{form.replace('.', '-')}"

    deployed = run("deploy", str(save(tmp_path, form)), "--name", name)
    asked = run("invoke", name, "--data", json.dumps(ROWS.tolist()))
    deleted = run("delete", name, "--yes")

    assert deployed.code == 0, deployed.err
    assert all(hint in deployed.out + deployed.err for hint in ("boto3", "aws ", "curl"))
    assert json.loads(asked.out) == MODEL.predict(ROWS).tolist()
    assert deleted.code == 0, deleted.err


def test_input_comes_from_a_file_or_from_a_pipe(run: Argosy, tmp_path: Path) -> None:
    run("deploy", str(save(tmp_path, "joblib")), "--name", "cli-input")
    rows = tmp_path / "rows.csv"
    rows.write_text("\n".join(",".join(map(str, row)) for row in ROWS[:3].tolist()))

    by_file = run("invoke", "cli-input", "--file", str(rows), "--accept", "application/json")
    by_pipe = run("invoke", "cli-input", stdin=json.dumps(ROWS[:3].tolist()).encode())
    unknown = run("invoke", "cli-input", "--data", "[]", "--target-variant", "Nobody")

    assert json.loads(by_file.out) == json.loads(by_pipe.out) == MODEL.predict(ROWS[:3]).tolist()
    assert unknown.code == 1
    assert "Nobody" in unknown.err
    assert "Traceback" not in unknown.err


def test_status_and_logs_tell_of_an_endpoint(
    run: Argosy, platform: Platform, tmp_path: Path
) -> None:
    folder = save(tmp_path, "folder")
    (folder / "code").mkdir()
    (folder / "code" / "inference.py").write_text(
        "import joblib\ndef model_fn(folder):\n"
        "    print('a sailor was here')\n    return joblib.load(folder + '/model.joblib')\n"
    )
    run("deploy", str(folder), "--name", "cli-told", "--instances", "2")

    shown = run("status")
    told = next(
        one
        for one in json.loads(run("status", "--json").out)["endpoints"]
        if one["name"] == "cli-told"
    )
    wrote = run("logs", "cli-told")
    lines = [json.loads(line) for line in run("logs", "cli-told", "--json").out.splitlines()]
    absent = run("logs", "cli-absent")

    assert "cli-told" in shown.out
    assert all(instance["id"] in shown.out for instance in in_service(platform, "cli-told"))
    assert told["status"] == "InService"
    assert told["variants"][0]["instances"] == 2
    assert wrote.out.count("a sailor was here") == 2
    assert "a sailor was here" in [line["message"] for line in lines]
    assert absent.code == 1
    assert "Traceback" not in absent.err


def test_an_endpoint_that_exists_is_replaced_only_when_asked(run: Argosy, tmp_path: Path) -> None:
    first, second = tmp_path / "first.joblib", tmp_path / "second.joblib"
    joblib.dump(MODEL, first)
    joblib.dump(OTHER, second)
    run("deploy", str(first), "--name", "cli-again")

    refused = run("deploy", str(second), "--name", "cli-again")
    updated = run("deploy", str(second), "--name", "cli-again", "--update")
    asked = run("invoke", "cli-again", "--data", json.dumps(ROWS.tolist()))

    assert refused.code == 1
    assert "--update" in refused.err
    assert updated.code == 0, updated.err
    assert json.loads(asked.out) == OTHER.predict(ROWS).tolist()


def test_a_model_that_does_not_load_fails_with_its_reason(run: Argosy, tmp_path: Path) -> None:
    broken = tmp_path / "model.tar.gz"
    broken.write_bytes(model_archive(MODEL, inference="raise RuntimeError('no such sea')"))

    done = run("deploy", str(broken), "--name", "cli-broken")

    assert done.code == 1
    assert "no such sea" in done.out + done.err
    assert "argosy.cli" not in done.err  # no traceback of ours


@pytest.mark.parametrize(
    ("name", "content"), [("model.tar.gz", b"no archive"), ("model.onnx", b"x"), ("empty", None)]
)
def test_what_cannot_be_deployed_is_said_before_anything_is_made(
    run: Argosy, platform: Platform, tmp_path: Path, name: str, content: bytes | None
) -> None:
    source = tmp_path / name
    source.mkdir() if content is None else source.write_bytes(content)

    done = run("deploy", str(source), "--name", "cli-never")

    assert done.code == 1
    assert "Traceback" not in done.err
    found = platform.client("sagemaker").list_models(NameContains="cli-never")
    assert found["Models"] == []


def test_delete_takes_config_and_model_along_unless_told(run: Argosy, platform: Platform) -> None:
    sagemaker = platform.client("sagemaker")

    def left(name: str) -> tuple[int, int]:
        configs = sagemaker.list_endpoint_configs(NameContains=name)["EndpointConfigs"]
        return len(configs), len(sagemaker.list_models(NameContains=name)["Models"])

    for name in ("cli-gone", "cli-stays"):
        path = platform.data_dir / f"{name}.joblib"
        joblib.dump(MODEL, path)
        run("deploy", str(path), "--name", name)
    run("delete", "cli-gone", "--yes")
    run("delete", "cli-stays", "--yes", "--keep-models")
    absent = run("delete", "cli-gone", "--yes")

    assert (left("cli-gone"), left("cli-stays")) == ((0, 0), (1, 1))
    assert absent.code == 1
    assert "cli-gone" in absent.err
