"""A processing job of Model Monitor's image as an analysis. Pure.

Source: the container's contract: its environment variables name paths, which ProcessingInputs and
ProcessingOutputConfig tie to S3.
"""

import json
from datetime import datetime
from typing import Any

from argosy.monitor.analysis import Analysis, Attributes

DATA_QUALITY = "DATA_QUALITY"


def analysis_of(asked: dict[str, Any], memory_mb: int) -> Analysis:
    """From the CreateProcessingJob members."""
    environment = asked.get("Environment") or {}
    inputs = {
        _plain(one["S3Input"].get("LocalPath")): one["S3Input"]["S3Uri"]
        for one in asked.get("ProcessingInputs") or ()
        if one.get("S3Input")
    }
    outputs = {
        _plain(one["S3Output"].get("LocalPath")): one["S3Output"]["S3Uri"]
        for one in (asked.get("ProcessingOutputConfig") or {}).get("Outputs") or ()
        if one.get("S3Output")
    }
    excluded = environment.get("exclude_features_attribute") or ""
    return {
        "sources": _below(environment["dataset_source"], inputs),
        "format": json.loads(environment["dataset_format"]),
        "statistics": _place(environment.get("baseline_statistics"), inputs),
        "constraints": _place(environment.get("baseline_constraints"), inputs),
        "output": _place(environment["output_path"], outputs),
        "start": _moment(environment.get("start_time")),
        "end": _moment(environment.get("end_time")),
        "exclude": [name.strip() for name in excluded.split(",") if name.strip()],
        "drift_method": environment.get("categorical_drift_method") or "",
        "quality": _quality(environment),
        "ground_truth": _below(environment["ground_truth_source"], inputs)
        if environment.get("ground_truth_source")
        else [],
        "memory_mb": memory_mb,
    }


def _quality(environment: dict[str, str]) -> Attributes | None:
    """Raises ValueError for a threshold that is no number."""
    if (environment.get("analysis_type") or DATA_QUALITY).upper() == DATA_QUALITY:
        return None
    return {
        "problem": environment.get("problem_type") or "",
        "inference": environment.get("inference_attribute") or "",
        "probability": environment.get("probability_attribute") or "",
        "threshold": float(environment.get("probability_threshold_attribute") or 0.5),
        "truth": environment.get("ground_truth_attribute") or "",
    }


def _below(path: str, inputs: dict[str, str]) -> list[str]:
    """Every input that is, or lies in, the folder at `path`; else the place that it means."""
    folder = _plain(path)
    inside = [uri for local, uri in inputs.items() if f"{local}/".startswith(f"{folder}/")]
    return inside or [_place(path, inputs)]


def _place(path: str | None, folders: dict[str, str]) -> str:
    """Where in S3 a path of the container lies, "" for none."""
    wanted = _plain(path)
    for local, uri in sorted(folders.items(), key=lambda one: -len(one[0])):
        if wanted == local:
            return uri
        if wanted.startswith(f"{local}/"):
            rest = wanted[len(local) + 1 :]
            named = uri.rstrip("/").rpartition("/")[2] == rest
            return uri if named else f"{uri.rstrip('/')}/{rest}"
    return ""


def _plain(path: str | None) -> str:
    return (path or "").removeprefix("file://").rstrip("/")


def _moment(text: str | None) -> float | None:
    """Raises ValueError."""
    return datetime.fromisoformat(text).timestamp() if text else None
