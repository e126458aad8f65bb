"""Hyperparameter tuning as a whole: a loop of its own, which training jobs ring."""

from argosy.control.apart import Apart
from argosy.control.means import Means
from argosy.control.tuning.reconciler import TuningReconciler
from argosy.state.training_jobs import TRAINING_JOB
from argosy.state.tuning_jobs import TUNING_JOB


def tuning_apart(means: Means) -> Apart:
    return Apart(means.records, {TUNING_JOB, TRAINING_JOB}, lambda _: TuningReconciler(means))
