"""Loads that fail say why in one sentence."""

from pathlib import Path

import pytest

from argosy.runtimes import frames
from tests.contracts.runtimes.kits import Scripted, failed_load
from tests.support.worker_client import Worker


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def model_fn(model_dir:\n    pass\n", "inference.py has a syntax error in line 1"),
        ("import absent_module\n", "'absent_module'"),
        ("import sys\nsys.exit(4)\n", "sys.exit(4)"),
        (
            "def model_fn(d):\n    raise KeyError('lost')\n",
            "'lost' (inference.py, line 2, in model_fn)",
        ),
        ("def model_fn():\n    pass\n", "model_fn of the script takes 0 parameters"),
        (
            "def transform_fn(a, b, c, d):\n    pass\ndef input_fn(a, b):\n    pass\n",
            "transform_fn together with input_fn",
        ),
        ("x = 1\n", "no model_fn"),
    ],
)
def test_a_script_that_cannot_serve_fails_to_load_with_one_sentence(
    empty: Worker, tmp_path: Path, code: str, says: str
) -> None:
    folder = tmp_path / "model" / "code"
    folder.mkdir(parents=True)
    (folder / "inference.py").write_text(code)
    reason = failed_load(empty, folder.parent)
    assert says in reason
    assert "\n" not in reason
    assert "Traceback" in empty.log.read_text()


def test_a_program_that_is_nowhere_is_named(empty: Worker, tmp_path: Path) -> None:
    reason = failed_load(empty, tmp_path, {"SAGEMAKER_PROGRAM": "serve.py"})
    assert "SAGEMAKER_PROGRAM names serve.py" in reason
    with empty.connect() as client:
        client.load(tmp_path, {"SAGEMAKER_PROGRAM": ""})  # the worker is shared: leave no trace


def test_an_empty_archive_says_what_was_expected(empty: Worker, tmp_path: Path) -> None:
    reason = failed_load(empty, tmp_path)
    assert "no model file" in reason
    assert "nothing" in reason


def test_a_damaged_order_is_answered(empty: Worker) -> None:
    with empty.connect() as client:
        assert client.ask(frames.LOAD, b"{").json()["ok"] is False


def test_a_model_that_ends_the_process_while_loading_ends_the_worker(script: Scripted) -> None:
    with pytest.raises(ConnectionError):
        script.load("import os\nos._exit(9)\n")
    assert script.worker.wait() == 9
