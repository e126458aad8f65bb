"""Script mode's pure parts: variables, arguments, entry points, XGBoost's parameters and data."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from argosy.runtimes.answers import Fault
from argosy.runtimes.training import enter
from argosy.runtimes.training.entry import CannotRun, command_of
from argosy.runtimes.training.settings import Settings
from argosy.runtimes.training.variables import arguments, variables
from argosy.runtimes.training.xgboost_data import read, together
from argosy.runtimes.training.xgboost_job import BadJob, parameters, rounds


def settings(base: Path, hosts: tuple[str, ...] = ("algo-1",), **given: Any) -> Settings:
    """Configuration files below `base`, read; `given` as boto3 sends hyperparameters."""
    config = base / "input/config"
    config.mkdir(parents=True, exist_ok=True)
    (base / "code").mkdir(exist_ok=True)
    resources = {"current_host": hosts[-1], "hosts": list(hosts), "network_interface_name": "lo"}
    files = {
        "hyperparameters.json": {name: str(value) for name, value in given.items()},
        "resourceconfig.json": resources,
        "inputdataconfig.json": {"train": {"TrainingInputMode": "File"}},
    }
    for name, content in files.items():
        (config / name).write_text(json.dumps(content))
    return Settings.read(base)


def test_hyperparameters_become_arguments_and_those_of_the_sdk_do_not(tmp_path: Path) -> None:
    found = settings(
        tmp_path, epochs="3", lr="0.1", n='"text"', flag="true", sagemaker_program='"t.py"'
    )
    assert found.program == "t.py"
    assert arguments(found.hyperparameters) == [
        *("--epochs", "3", "--flag", "True", "--lr", "0.1", "-n", "text"),
    ]


def test_objects_and_null_are_written_as_the_toolkit_writes_them(tmp_path: Path) -> None:
    given = settings(tmp_path, layers='{"b": 2, "a": "x"}', rest="null", units="[1, 2]")
    assert arguments(given.hyperparameters) == [
        *("--layers", "a=x,b=2", "--rest", "", "--units", "[1, 2]"),
    ]
    found = variables(given, "pytorch", 1, 0)
    assert (found["SM_HP_LAYERS"], found["SM_HP_REST"]) == ('{"a":"x","b":2}', "")


def test_all_variables_of_the_toolkit_are_there(tmp_path: Path) -> None:
    found = variables(settings(tmp_path, k="[1]", sagemaker_program='"t.py"'), "sklearn", 4, 2)
    assert found["SM_HP_K"] == "[1]"
    assert found["SM_HPS"] == '{"k":[1]}'
    assert found["SM_CHANNEL_TRAIN"] == f"{tmp_path}/input/data/train"
    assert found["SM_MODULE_NAME"] == "t"
    assert (found["SM_NUM_CPUS"], found["SM_NUM_GPUS"]) == ("4", "2")
    assert json.loads(found["SM_USER_ARGS"]) == ["-k", "[1]"]
    whole = json.loads(found["SM_TRAINING_ENV"])
    assert whole["channel_input_dirs"] == {"train": f"{tmp_path}/input/data/train"}
    assert whole["is_master"] is True
    for name in (
        "MODEL_DIR",
        "OUTPUT_DATA_DIR",
        "HOSTS",
        "CURRENT_HOST",
        "LOG_LEVEL",
        "MODULE_DIR",
    ):
        assert found[f"SM_{name}"]


def test_programs_packages_and_shell_scripts_are_told_apart(tmp_path: Path) -> None:
    code = tmp_path / "code"
    plain = settings(tmp_path, sagemaker_program='"t.py"')
    (code / "t.py").touch()
    assert command_of(plain, ["--a"], 1)[1:] == ["t.py", "--a"]
    (code / "setup.py").touch()
    assert command_of(plain, [], 1)[1:] == ["-m", "t"]
    (code / "setup.py").unlink()
    (code / "go.sh").touch()
    shell = command_of(settings(tmp_path, sagemaker_program="go.sh"), ["--a", "b c"], 1)
    assert shell == ["/bin/sh", "-c", "./go.sh --a 'b c'"]
    assert os.access(code / "go.sh", os.X_OK)


def test_torchrun_knows_where_it_stands(tmp_path: Path) -> None:
    given = settings(
        tmp_path,
        ("algo-1", "algo-2"),
        sagemaker_program='"t.py"',
        sagemaker_torch_distributed_enabled="true",
    )
    (tmp_path / "code/t.py").touch()
    words = command_of(given, [], 2)
    assert words[1:3] == ["-m", "torch.distributed.run"]
    told = dict(zip(words[3:13:2], words[4:13:2], strict=True))
    assert told["--nnodes"] == "2"
    assert (told["--node_rank"], told["--master_addr"]) == ("1", "algo-1")


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({}, "sagemaker_program"),
        ({"sagemaker_program": '"none.py"'}, "none.py is not in the source archive"),
        (
            {"sagemaker_program": "x", "sagemaker_parameter_server_enabled": "true"},
            "parameter_server is not supported",
        ),
    ],
)
def test_what_cannot_be_run_is_said(tmp_path: Path, given: dict[str, str], part: str) -> None:
    with pytest.raises(CannotRun, match=part):
        command_of(settings(tmp_path, **given), [], 1)


def test_xgboost_is_told_what_it_knows(tmp_path: Path) -> None:
    given = settings(
        tmp_path,
        num_round="7",
        eta="0.2",
        eval_metric="auc, error",
        _tuning_objective_metric="validation:logloss",
    )
    assert rounds(given) == 7
    assert parameters(given) == {
        "objective": "reg:squarederror",
        "eta": 0.2,
        "eval_metric": ["auc", "error", "logloss"],
    }
    with pytest.raises(BadJob, match="k-fold"):
        parameters(settings(tmp_path, _kfold="5"))
    with pytest.raises(BadJob, match="num_round"):
        rounds(settings(tmp_path, num_round="many"))


def test_tables_have_their_label_first() -> None:
    data = read(b"1,2,\n0,5,6\n", "text/csv; label_size=1")
    assert data.labels.tolist() == [1, 0]
    assert np.isnan(data.rows[0, 1])
    weighted = read(b"1,0.5,3\n", "csv", weighted=True)
    assert (weighted.weights.tolist(), weighted.rows.tolist()) == ([0.5], [[3.0]])
    table = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table({"y": [1], "x": [2.5]}), table)
    parquet = read(table.getvalue().to_pybytes(), "application/x-parquet")
    assert (parquet.labels.tolist(), parquet.rows.tolist()) == ([1.0], [[2.5]])


def test_libsvm_rows_have_labels_weights_and_queries() -> None:
    data = read(b"1:0.5 qid:3 0:1 2:4\n0:2 qid:3 1:5\n", "")
    assert data.labels.tolist() == [1, 0]
    assert data.weights.tolist() == [0.5, 2]
    assert data.groups.tolist() == [3, 3]
    assert data.rows.toarray().tolist() == [[1, 0, 4], [0, 5, 0]]
    wider = together([data, read(b"1 4:9\n", "libsvm")])
    assert wider.rows.shape == (3, 5)
    assert wider.weights is None


@pytest.mark.parametrize(
    ("body", "kind", "part"),
    [
        (b"a,b\n1,2\n", "text/csv", "no header"),
        (b"1\n", "text/csv", "the label comes first"),
        (b"x", "image/png", "content type"),
    ],
)
def test_data_that_cannot_be_read_is_said_to_be_so(body: bytes, kind: str, part: str) -> None:
    with pytest.raises(Fault, match=part):
        read(body, kind)


def test_a_program_is_told_the_folder_that_it_starts_in(tmp_path: Path) -> None:
    script = [sys.executable, "-c", "import os; print(os.environ['PWD'], os.getcwd())"]
    words = [sys.executable, "-I", enter.__file__, "", str(tmp_path), *script]
    done = subprocess.run(words, env={"PWD": "/elsewhere"}, capture_output=True, text=True)
    assert done.stdout.split() == [str(tmp_path)] * 2
