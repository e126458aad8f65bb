"""Checkpoints of XGBoost's algorithm mode: the model after each of the last rounds, as files.

Source: aws/sagemaker-xgboost-container, checkpointing.py, for names and how many are kept;
/opt/ml/input/config/checkpointconfig.json for where they lie. It refuses nothing: a file that is no
model is passed over.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

_NAME = re.compile(r"xgboost-checkpoint\.([0-9]+)")
_KEPT = 5
_MAKING = "output/xgboost-checkpoint"
"""Below /opt/ml, where nothing is kept in S3 before it is whole."""


class Checkpoints:
    """Those of one job; none where it asks for none."""

    def __init__(self, base: Path) -> None:
        """`base`: /opt/ml, wherever it lies. Raises OSError, ValueError."""
        self._making = base / _MAKING
        config = base / "input/config/checkpointconfig.json"
        told = json.loads(config.read_text()) if config.is_file() else {}
        local = str(told.get("LocalPath") or "")
        self._folder = base / local.removeprefix("/opt/ml").strip("/") if local else None

    def newest(self, xgboost: Any) -> tuple[Any, int]:
        """The model to go on with, and the rounds that it has; (None, 0) at the beginning."""
        for number, path in reversed(self._found()):
            booster = xgboost.Booster()
            try:
                booster.load_model(bytearray(path.read_bytes()))
            except (xgboost.core.XGBoostError, OSError):
                continue
            return booster, number + 1
        return None, 0

    def save(self, booster: Any, number: int) -> None:
        """Keep the model after a round (from 0), and the ones before it. Raises OSError."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._making.write_bytes(booster.save_raw("ubj"))
        os.replace(self._making, self._folder / f"xgboost-checkpoint.{number}")
        for earlier, path in self._found():
            if earlier <= number - _KEPT:
                path.unlink(missing_ok=True)

    def _found(self) -> list[tuple[int, Path]]:
        """Number of its round and path of each, the oldest first."""
        if self._folder is None or not self._folder.is_dir():
            return []
        named = [(_NAME.fullmatch(path.name), path) for path in self._folder.iterdir()]
        return sorted((int(match[1]), path) for match, path in named if match)
