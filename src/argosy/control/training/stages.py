"""How far a run is, as SageMaker's secondary statuses tell it. Pure.

Source: reference/container-contract.md §6 (statuses and messages).
"""

from collections.abc import Sequence

from argosy.ground.instances import Instance, Phase
from argosy.state import training_jobs as jobs
from argosy.state.training_jobs import TrainingJobDocument

MESSAGES = {
    jobs.STARTING: "Preparing the instances for training",
    jobs.DOWNLOADING: "Downloading input data",
    jobs.TRAINING: "Training image download completed. Training in progress.",
    jobs.UPLOADING: "Uploading generated training model",
}
_ORDER = tuple(MESSAGES)


def advance(document: TrainingJobDocument, instances: Sequence[Instance], now: float) -> None:
    """Let the document tell how far the run's instances are. What went by unseen is told, too."""
    before = document["secondary"]
    if before not in _ORDER:
        return  # it is being ended
    for status in _ORDER[_ORDER.index(before) + 1 : _reached(instances) + 1]:
        began = max(now - _ago(status, instances), document["transitions"][-1]["started"])
        jobs.enter(document, status, MESSAGES[status], began)


def began(instances: Sequence[Instance]) -> bool:
    """Whether an instance has begun to work."""
    return any(one.state.phase is not Phase.PENDING for one in instances)


def _reached(instances: Sequence[Instance]) -> int:
    """Place in _ORDER. A run is as far as its furthest host, but uploads when all have ended."""
    places = [_place(one) for one in instances]
    if not places:
        return 0
    uploading = _ORDER.index(jobs.UPLOADING)
    return uploading if min(places) == uploading else min(max(places), uploading - 1)


def _place(instance: Instance) -> int:
    phase, outcome = instance.state.phase, instance.state.outcome
    if phase is Phase.IN_SERVICE:
        return _ORDER.index(jobs.TRAINING)
    if phase is Phase.UPLOADING or (phase is Phase.DONE and outcome and outcome.started):
        return _ORDER.index(jobs.UPLOADING)
    working = phase in (Phase.DOWNLOADING, Phase.STARTING, Phase.DONE)
    return _ORDER.index(jobs.DOWNLOADING if working else jobs.STARTING)


def _ago(status: str, instances: Sequence[Instance]) -> float:
    """Seconds since it began, where an outcome tells that; else it began just now."""
    if status == jobs.UPLOADING:
        ended = [one for one in instances if one.state.outcome]
        return min((_seconds(one, "ended") for one in ended), default=0.0)
    return trained_for(instances)


def trained_for(instances: Sequence[Instance]) -> float:
    """Seconds since the first algorithm began, where an outcome tells that, else 0."""
    return max((_seconds(one, "started") for one in instances), default=0.0)


def _seconds(instance: Instance, moment: str) -> float:
    """From a moment of the outcome to when the agent said it."""
    at = float(getattr(instance.state.outcome, moment, 0.0))
    return max(0.0, instance.state.updated - at) if at else 0.0
