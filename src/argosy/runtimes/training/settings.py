"""What a job's configuration files say. Reads; decides nothing."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PREFIX = "sagemaker_"
_OTHERS = ("_tuning_objective_metric",)


@dataclass(frozen=True)
class Settings:
    """One host's view of its job."""

    base: Path
    """/opt/ml, wherever it lies."""
    hyperparameters: dict[str, Any]
    """The user's, each read as JSON where it is JSON."""
    reserved: dict[str, Any]
    """Those that the SDK adds: sagemaker_program and its like."""
    resources: dict[str, Any]
    channels: dict[str, Any]
    """inputdataconfig.json."""

    @classmethod
    def read(cls, base: Path) -> Settings:
        """From <base>/input/config. Raises OSError, ValueError."""
        config = base / "input/config"
        given = {
            name: value_of(text) for name, text in _object(config / "hyperparameters.json").items()
        }
        return cls(
            base=base,
            hyperparameters={n: v for n, v in given.items() if not is_reserved(n)},
            reserved={n: v for n, v in given.items() if is_reserved(n)},
            resources=_object(config / "resourceconfig.json"),
            channels=_object(config / "inputdataconfig.json"),
        )

    @property
    def program(self) -> str:
        """The entry point; "" when there is none."""
        return str(
            self.reserved.get("sagemaker_program") or os.environ.get("SAGEMAKER_PROGRAM") or ""
        )

    @property
    def code(self) -> Path:
        """Where the entry point lies."""
        return self.base / "code"

    @property
    def host(self) -> str:
        return str(self.resources["current_host"])

    @property
    def hosts(self) -> list[str]:
        return list(self.resources["hosts"])


def is_reserved(name: str) -> bool:
    """Whether a hyperparameter is for the container and not for the script."""
    return name.startswith(_PREFIX) or name in _OTHERS


def value_of(text: Any) -> Any:
    """A hyperparameter's value: the SDK writes JSON, boto3's users plain text."""
    try:
        return json.loads(text)
    except (ValueError, TypeError):
        return text


def _object(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text())
    if not isinstance(value, dict):
        raise ValueError(f"{path} is not a JSON object")
    return value
