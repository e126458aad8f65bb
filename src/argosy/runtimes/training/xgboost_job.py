"""sagemaker-xgboost without a script: Amazon's algorithm mode, trained by XGBoost itself.

Channels `train` (needed) and `validation`; the model is written as /opt/ml/model/xgboost-model, and
each round's metrics are printed as XGBoost prints them. A job with a CheckpointConfig goes on after
an interruption where it was. Source: developer guide, XGBoost algorithm;
aws/sagemaker-xgboost-container, algorithm_mode/train.py, for names and defaults.
It refuses k-fold cross-validation and Dask.
"""

from __future__ import annotations

import contextlib
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from argosy.runtimes.answers import Fault
from argosy.runtimes.training.settings import Settings
from argosy.runtimes.training.xgboost_checkpoints import Checkpoints
from argosy.runtimes.training.xgboost_data import Data, of_one_width, read_channel

MODEL = "xgboost-model"
_PORT = 9099
_NOT_PARAMETERS = ("num_round", "early_stopping_rounds", "csv_weights", "save_model_on_termination")
_REFUSED = {
    "_kfold": "k-fold cross-validation (_kfold)",
    "use_dask_gpu_training": "Dask (use_dask_gpu_training)",
}
_TUNED = "_tuning_objective_metric"
_PLACE = re.compile(r"\[[0-9:]+\] \S+:[0-9]+: ")


class BadJob(Exception):
    """The job cannot be trained; one sentence says what to change."""


class _Told(Exception):
    """SIGTERM came."""


def train(settings: Settings, fail: Callable[[Path, str], None]) -> int:
    """Train, save the model, and give the exit status. `fail` writes down why it failed."""
    import xgboost

    try:
        with _together(settings, xgboost):
            _train(settings, xgboost)
    except BadJob as error:
        fail(settings.base, f"ClientError: {error}")
    except xgboost.core.XGBoostError as error:  # which is a ValueError, too
        fail(settings.base, f"XGBoostError: {_said(error)}")
    except ValueError as error:
        fail(settings.base, f"ClientError: {error}")
    except _Told:
        return 128 + signal.SIGTERM
    else:
        return 0
    return 1


def parameters(settings: Settings) -> dict[str, Any]:
    """What XGBoost is given. Raises BadJob."""
    given = settings.hyperparameters
    for name, what in _REFUSED.items():
        if given.get(name) not in (None, False, "false", 0):
            raise BadJob(f"{what} is not supported")
    found = {name: value for name, value in given.items() if name not in _NOT_PARAMETERS}
    metrics = found.pop("eval_metric", [])
    metrics = metrics.split(",") if isinstance(metrics, str) else list(metrics)
    tuned = str(settings.reserved.get(_TUNED) or "").partition(":")[2]
    metrics += [tuned] if tuned and tuned not in metrics else []
    return {
        "objective": "reg:squarederror",
        **found,
        **({"eval_metric": [one.strip() for one in metrics]} if metrics else {}),
    }


def rounds(settings: Settings) -> int:
    """num_round. Raises BadJob."""
    try:
        count = int(settings.hyperparameters["num_round"])
    except (KeyError, ValueError, TypeError):
        count = 0
    if count < 1:
        raise BadJob("the hyperparameter num_round must be a whole number, 1 or more")
    return count


def _said(error: Exception) -> str:
    """XGBoost's own sentence, without the time, its place in the source and the stack."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return _PLACE.sub("", lines[0]) if lines else type(error).__name__


def _read(settings: Settings, name: str) -> Data:
    """Raises BadJob, OSError."""
    try:
        return read_channel(settings, name)
    except (Fault, ValueError) as error:
        raise BadJob(f"the data of the channel {name} cannot be read: {error}") from None


def _train(settings: Settings, xgboost: Any) -> None:
    given, count = parameters(settings), rounds(settings)
    if "train" not in settings.channels:
        raise BadJob("there is no channel 'train'")
    names = [name for name in ("train", "validation") if name in settings.channels]
    read = [_read(settings, name) for name in names]
    of_one_width([one.rows for one in read])
    watched = [(_matrix(one, xgboost), name) for one, name in zip(read, names, strict=True)]
    stopping = settings.hyperparameters.get("early_stopping_rounds")
    stop, checkpoints = _Stop(), Checkpoints(settings.base)
    booster, done = checkpoints.newest(xgboost)
    if done:
        sys.stdout.write(f"Going on from the checkpoint of round {done - 1}\n")
    if done < count:
        booster = xgboost.train(
            given,
            watched[0][0],
            count - done,
            evals=watched,
            early_stopping_rounds=int(stopping) if stopping else None,
            callbacks=[_callback(settings, xgboost, stop, checkpoints, done)],
            verbose_eval=True,
            xgb_model=booster,
        )
    if settings.host == settings.hosts[0]:
        (settings.base / "model" / MODEL).write_bytes(booster.save_raw("ubj"))
    if stop.told:
        raise _Told


def _matrix(data: Data, xgboost: Any) -> Any:
    return xgboost.DMatrix(data.rows, label=data.labels, weight=data.weights, qid=data.groups)


class _Stop:
    """Whether the job is to end: the model of the last round is kept then."""

    def __init__(self) -> None:
        self.told = False
        signal.signal(signal.SIGTERM, self._tell)

    def _tell(self, number: int, frame: FrameType | None) -> None:
        self.told = True


def _callback(
    settings: Settings, xgboost: Any, stop: _Stop, checkpoints: Checkpoints, done: int
) -> Any:
    first = settings.host == settings.hosts[0]

    class Rounds(xgboost.callback.TrainingCallback):  # type: ignore[misc]
        """After each round: go on, unless the job is stopping; keep what is printed moving, and
        the model."""

        def after_iteration(self, booster: Any, epoch: int, log: Any) -> bool:
            sys.stdout.flush()
            if first:
                checkpoints.save(booster, done + epoch)
            return stop.told

    return Rounds()


@contextlib.contextmanager
def _together(settings: Settings, xgboost: Any) -> Iterator[None]:
    """Several hosts train one model: a tracker on the first one, all of them connected to it."""
    if len(settings.hosts) == 1:
        yield
        return
    from xgboost.tracker import RabitTracker

    tracker = None
    if settings.host == settings.hosts[0]:
        tracker = RabitTracker(len(settings.hosts), settings.hosts[0], _PORT)
        tracker.start()
    with xgboost.collective.CommunicatorContext(
        dmlc_tracker_uri=settings.hosts[0],
        dmlc_tracker_port=_PORT,
        dmlc_task_id=settings.host,
        dmlc_retry=60,
    ):
        yield
    if tracker is not None:
        tracker.wait_for()
