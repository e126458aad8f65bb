"""The PyTorch runtime without a worker around it."""

import contextlib
import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from argosy.runtimes import pytorch, torch_gpu
from argosy.runtimes.answers import Answer
from argosy.runtimes.base import LoadError, Model, Place, Ruined
from argosy.runtimes.frames import encode_head

JSON = encode_head({"content-type": "application/json"})
NPY = encode_head({"content-type": "application/x-npy", "accept": "application/x-npy"})


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY", "ARGOSY_DEVICE"):
        monkeypatch.delenv(name, raising=False)


class Doubled(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2


class Counting(torch.nn.Module):
    """How many rows came along with each row."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.full([x.size(0)], x.size(0))


class Several(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"sum": x.sum(dim=1), "half": (x / 2).to(torch.bfloat16)}


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(8, 3)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


def save(module: torch.nn.Module, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(module).save(str(path))


def load(folder: Path) -> Model:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return pytorch.load(Place(folder, folder.parent))


def served(folder: Path, module: torch.nn.Module) -> Model:
    save(module, folder / "model.pt")
    return load(folder)


def said(answer: Answer) -> Any:
    assert isinstance(answer.body, bytes)
    return json.loads(answer.body)


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def why_not(folder: Path) -> str:
    with pytest.raises(LoadError) as error:
        load(folder)
    return str(error.value)


# files


def test_model_pt_goes_before_other_files(tmp_path: Path) -> None:
    save(Counting(), tmp_path / "other.pth")
    assert said(served(tmp_path, Doubled()).answer(JSON, b"[[1, 2]]")) == [[2.0, 4.0]]


def test_the_only_pth_is_the_model(tmp_path: Path) -> None:
    save(Doubled(), tmp_path / "weights.pth")
    assert said(load(tmp_path).answer(JSON, b"[[1, 2]]")) == [[2.0, 4.0]]


def test_an_exported_program_predicts_what_its_module_does(tmp_path: Path) -> None:
    module, rows = Net().eval(), torch.rand(5, 4)
    batch = {"x": {0: torch.export.Dim("batch")}}
    program = torch.export.export(module, (rows,), dynamic_shapes=batch)
    torch.export.save(program, tmp_path / "net.pt2")

    model = load(tmp_path)
    answer = said(model.answer(JSON, json.dumps(rows.tolist()).encode()))
    refused = model.answer(JSON, b"[[1, 2, 3]]")

    assert answer == module(rows).tolist()
    assert refused.status == 400
    assert "size()[1] == 4" in said(refused)["error-message"]


@pytest.mark.parametrize(
    ("save_as", "says"),
    [
        (lambda path: torch.save(Net().state_dict(), path), "holds a state_dict"),
        (lambda path: torch.save(Net(), path), "is a pickle of classes"),
        (lambda path: path.write_bytes(b"no model"), "could not be read as a model"),
        (lambda path: path.write_bytes(b""), "could not be read as a model"),
    ],
)
def test_a_file_that_is_no_whole_model_says_what_to_do(
    tmp_path: Path, save_as: Any, says: str
) -> None:
    save_as(tmp_path / "model.pt")
    reason = why_not(tmp_path)
    assert says in reason
    assert ("model_fn" in reason) == ("could not" not in reason)


def test_several_files_none_of_them_model_pt_are_listed(tmp_path: Path) -> None:
    for name in ("a.pt", "b.pth"):
        save(Doubled(), tmp_path / name)
    assert "several model files (a.pt, b.pth)" in why_not(tmp_path)


@pytest.mark.parametrize(("device", "says"), [("gpu", "use cpu, cuda"), ("cuda:99", "no such GPU")])
def test_a_device_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, says: str
) -> None:
    monkeypatch.setenv("ARGOSY_DEVICE", device)
    save(Doubled(), tmp_path / "model.pt")
    assert says in why_not(tmp_path)


# what comes in and goes out


def test_json_becomes_floats_and_npy_keeps_its_type(tmp_path: Path) -> None:
    model = served(tmp_path, Doubled())
    assert said(model.answer(JSON, b"[[0.1]]")) == [[float(np.float32(0.1)) * 2]]
    for kind in ("float64", ">i4", "uint8", "bool"):
        answer = model.answer(NPY, npy(np.ones((2, 2), kind)))
        wanted = (
            torch.ones((2, 2), dtype=getattr(torch, kind.replace(">i4", "int32"))) * 2
        ).numpy()
        assert np.load(io.BytesIO(answer.body)).dtype == wanted.dtype
        assert np.load(io.BytesIO(answer.body)).tolist() == wanted.tolist()


def test_a_tensor_keeps_the_axes_it_came_with(tmp_path: Path) -> None:
    model = served(tmp_path, Doubled())
    assert said(model.answer(JSON, b"[1, 2]")) == [2.0, 4.0]
    assert said(model.answer(JSON, b"[[[1], [2]]]")) == [[[2.0], [4.0]]]
    assert said(model.answer(JSON, b'{"instances": [[1]]}')) == {"predictions": [[2.0]]}


def test_named_outputs_are_a_json_object_and_nothing_else(tmp_path: Path) -> None:
    model = served(tmp_path, Several())
    as_csv = encode_head({"content-type": "application/json", "accept": "text/csv"})
    assert said(model.answer(JSON, b"[[1, 3]]")) == {"sum": [4.0], "half": [[0.5, 1.5]]}
    assert model.answer(as_csv, b"[[1, 3]]").status == 406


@pytest.mark.parametrize("body", [b'[["a"]]', b'[{"x": 1}]', b'{"inputs": {"x": [1]}}'])
def test_what_is_no_tensor_is_refused(tmp_path: Path, body: bytes) -> None:
    answer = served(tmp_path, Doubled()).answer(JSON, body)
    assert answer.status == 400
    assert "send" in said(answer)["error-message"]


# joining


BODIES = [b"[[1]]", b"[[2], [3]]", b"[[4, 5]]", b"[6]", b"[[7]"]


def answers(model: Model) -> list[Any]:
    return [said(answer) for answer in model.answer_all(model.form(JSON), BODIES)]


def test_requests_are_not_joined_unless_the_environment_says_so(tmp_path: Path) -> None:
    model = served(tmp_path, Counting())
    assert answers(model)[:4] == [[1], [2, 2], [1], [1]]


def test_requests_alike_are_joined_when_the_model_is_row_wise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARGOSY_ROW_WISE", "1")
    got = answers(served(tmp_path, Counting()))
    assert got[:4] == [[3], [3, 3], [1], [1]]
    assert "cannot be read" in got[4]["error-message"]


def test_torchserves_batch_size_joins_that_many_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGEMAKER_TS_BATCH_SIZE", "2")
    model = served(tmp_path, Counting())
    joined = model.answer_all(model.form(JSON), [b"[[1]]"] * 5)
    assert [said(answer) for answer in joined] == [[2], [2], [2], [2], [1]]


def test_a_joined_request_that_fails_hurts_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARGOSY_ROW_WISE", "1")
    module = Net().eval()
    model = served(tmp_path, module)
    joined = model.answer_all(model.form(JSON), [b"[[1,2,3,4]]", b"[[1,2,3]]", b"[[5,6,7,8]]"])
    assert [answer.status for answer in joined] == [200, 400, 200]
    local = module(torch.tensor([[1.0, 2, 3, 4], [5, 6, 7, 8]])).tolist()
    got = np.array([said(joined[0])[0], said(joined[2])[0]])
    assert np.allclose(got, local, rtol=1e-5)


# scripts


SCRIPT = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(8, 3)
        )

    def forward(self, x):
        return self.layers(x)

def model_fn(model_dir, context):
    assert context.system_properties["gpu_id"] is None or torch.cuda.is_available()
    model = Net()
    model.load_state_dict(torch.load(model_dir + "/model.pth"))
    return model
"""


def test_a_scripts_module_predicts_in_eval_mode_and_without_gradients(tmp_path: Path) -> None:
    module = Net()
    torch.save(module.state_dict(), tmp_path / "model.pth")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "inference.py").write_text(SCRIPT)
    rows = torch.rand(6, 4)

    model = load(tmp_path)
    got = said(model.answer(JSON, json.dumps(rows.tolist()).encode()))
    broken = model.answer(JSON, b"[[1, 2]]")

    assert got == module.eval()(rows).tolist()
    assert broken.status == 500
    assert "inference.py" in said(broken)["stack-trace"]


# GPUs


@pytest.mark.parametrize(
    ("device", "said", "works", "lost"),
    [
        ("cuda", "CUDA error: device-side assert triggered\nmore", False, True),
        ("cuda:1", "CUDA error: an illegal memory access was encountered", False, True),
        ("cuda", "CUDA out of memory. Tried to allocate 2 GiB", True, False),
        ("cuda", "mat1 and mat2 shapes cannot be multiplied", False, False),
        ("cpu", "CUDA error: no kernel image is available", False, False),
    ],
)
def test_a_process_is_given_up_only_when_its_gpu_answers_no_more(
    monkeypatch: pytest.MonkeyPatch, device: str, said: str, works: bool, lost: bool
) -> None:
    def synchronize(asked: str) -> None:
        assert asked == device
        if not works:
            raise RuntimeError("CUDA error: still")

    monkeypatch.setattr(torch.cuda, "synchronize", synchronize)
    with pytest.raises(Ruined) if lost else contextlib.nullcontext():
        torch_gpu.check(device, RuntimeError(said))
