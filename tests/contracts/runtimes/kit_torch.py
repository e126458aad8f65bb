"""A PyTorch classifier for the contract suite, saved as TorchScript."""

import warnings
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tests.contracts.runtimes.kit import Kit


class Classifier(torch.nn.Module):
    """Four features to one of three classes, as fitted elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        rows, labels = load_iris(return_X_y=True)
        fitted = LogisticRegression(max_iter=500).fit(rows, labels)
        self.linear = torch.nn.Linear(4, 3)
        self.linear.weight.data = torch.tensor(fitted.coef_, dtype=torch.float32)
        self.linear.bias.data = torch.tensor(fitted.intercept_, dtype=torch.float32)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        scores = self.linear(torch.atleast_2d(rows))
        return scores.argmax(dim=1)


def scripted(module: torch.nn.Module, path: Path) -> None:
    """Save a module as TorchScript, which PyTorch calls deprecated and people have."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(module).save(str(path))


def torch_kit() -> Kit:
    torch.set_num_threads(1)
    rows = load_iris().data.astype(np.float32)
    module = Classifier().eval()
    with torch.no_grad():
        predictions = module(torch.from_numpy(rows)).numpy()
    return Kit(
        "pytorch",
        rows,
        predictions,
        lambda folder: scripted(module, folder / "model.pt"),
        """
        import torch
        def model_fn(model_dir):
            return torch.jit.load(model_dir + "/model.pt")
        """,
        predict="model(torch.tensor(data))",
        says={"columns": "cannot be multiplied", "text": "cannot be converted"},
    )
