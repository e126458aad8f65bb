"""The LOAD order: make this process the container that was asked for, then load its model.

Whatever goes wrong becomes one sentence for the endpoint's FailureReason; the traceback goes to
stderr, which is the model's log. Code that ends the process is the agent's to notice.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argosy.runtimes import images, versions
from argosy.runtimes.answers import Body
from argosy.runtimes.base import LoadError, Model, Place, Runtime
from argosy.runtimes.large_bodies import keep_memory

# Instances are many on few cores, and one row needs no second thread: OpenBLAS and OpenMP pools
# that each take every core fight over them, and their spinning shows up as latency. So one
# thread, unless the model's environment says otherwise. To be set before numpy is imported.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


_PROCESSES = ("SAGEMAKER_MODEL_SERVER_WORKERS", "SAGEMAKER_TFS_INSTANCE_COUNT")
_MOST_PROCESSES = 64


def default_threads() -> None:
    """One thread per pool unless the process's environment says otherwise."""
    for name in _THREADS:
        os.environ.setdefault(name, "1")


def load(runtime: Runtime, order: Body) -> tuple[Model | None, dict[str, Any]]:
    """Carry out a LOAD: the model, or None, and the LOADED body.

    `order` is JSON {"model_dir", "environment", "base_dir", "image"}, of which the last three may
    be absent; the answer {"ok": true}, or {"ok": false, "reason": one sentence, "traceback": text}.
    """
    place = Place(Path(), Path())
    with versions.watched() as sentences:
        try:
            wanted = json.loads(order)
            place = Place(Path(wanted["model_dir"]), Path(wanted.get("base_dir") or "/opt/ml"))
            _enter(place, wanted.get("environment") or {})
            _check_image(wanted.get("image") or "")
            return runtime.load(place), {"ok": True}
        except (Exception, SystemExit) as error:
            trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
            print(trace, file=sys.stderr, end="", flush=True)  # noqa: T201 - the model's log
            why = "; ".join([reason(error, place), *sentences])
            return None, {"ok": False, "reason": why, "traceback": trace}


def processes(order: Body) -> int:
    """How many processes an order wants: 1 where it says nothing, or what `load` refuses."""
    try:
        environment = json.loads(order).get("environment") or {}
        return max(1, _processes(environment))
    except (ValueError, AttributeError, LoadError):
        return 1


def _processes(environment: Mapping[str, str]) -> int:
    """Raises LoadError for what is no such number."""
    for name in _PROCESSES:
        text = environment.get(name, "").strip()
        if text and not (text.isdecimal() and 1 <= int(text) <= _MOST_PROCESSES):
            raise LoadError(f"{name} is {text!r}: use a whole number from 1 to {_MOST_PROCESSES}")
        if text:
            return int(text)
    return 1


def _check_image(image: str) -> None:
    versions.check_image(images.runtime_for(image) or "", images.version_of(image))


def _enter(place: Place, environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    _processes(environment)
    _log_from(environment.get("SAGEMAKER_CONTAINER_LOG_LEVEL", "").strip().upper())
    _set_threads(environment)
    if environment.get("SAGEMAKER_BATCH"):
        keep_memory()
    code = place.model_dir / "code"
    if code.is_dir():
        sys.path.insert(0, str(code))


def _log_from(level: str) -> None:
    """What Python's logging is told from that level on (10, DEBUG, …; INFO where none is given, as
    in SageMaker's containers) goes to stderr. Raises LoadError for what is no level."""
    names = logging.getLevelNamesMapping()
    number = int(level) if level.isdecimal() else names.get(level or "INFO")
    if number is None:
        raise LoadError(f"SAGEMAKER_CONTAINER_LOG_LEVEL is {level!r}: use 10, 20, 30, 40 or 50")
    logging.basicConfig(level=number, format="%(levelname)s - %(name)s - %(message)s")


def _set_threads(environment: Mapping[str, str]) -> None:
    """Pools read their variables once, at import, which is past; so tell them."""
    openmp = _count(environment.get("OMP_NUM_THREADS"))
    blas = _count(environment.get("OPENBLAS_NUM_THREADS") or environment.get("MKL_NUM_THREADS"))
    if not (openmp or blas):
        return
    try:
        import threadpoolctl
    except ImportError:
        return
    if openmp:
        threadpoolctl.threadpool_limits(openmp, user_api="openmp")
    threadpoolctl.threadpool_limits(blas or openmp, user_api="blas")


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and int(text) > 0 else None


def reason(error: BaseException, place: Place) -> str:
    """One sentence on why the model did not load."""
    if isinstance(error, LoadError):
        return str(error)
    if isinstance(error, SystemExit):
        return f"the model's code called sys.exit({error.code!r}) while it was loaded"
    if isinstance(error, SyntaxError) and error.filename:
        name = Path(error.filename).name
        return f"{name} has a syntax error in line {error.lineno}: {error.msg}"
    if isinstance(error, ModuleNotFoundError):
        return (
            f"the script needs the Python module {error.name!r}, which is not here: put it into"
            f" code/ of the archive, or name it in code/requirements.txt{_where(error, place)}"
        )
    message = str(error) or "no message"
    return f"the model did not load: {type(error).__name__}: {message}{_where(error, place)}"


def _where(error: BaseException, place: Place) -> str:
    """The last line of the user's own code that was running."""
    roots = (str(place.base_dir) + os.sep, str(place.model_dir) + os.sep)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.startswith(roots):
            return f" ({Path(frame.filename).name}, line {frame.lineno}, in {frame.name})"
    return ""
