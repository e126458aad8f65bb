"""Pipelines as a whole: a loop of their own, which whatever a step waits for rings."""

from argosy.control.apart import Apart
from argosy.control.means import Means
from argosy.control.pipelines.reconciler import PipelineReconciler
from argosy.state.pipelines import EXECUTION
from argosy.state.processing_jobs import PROCESSING_JOB
from argosy.state.training_jobs import TRAINING_JOB
from argosy.state.transform_jobs import TRANSFORM_JOB
from argosy.state.tuning_jobs import TUNING_JOB

_RINGS = {EXECUTION, PROCESSING_JOB, TRAINING_JOB, TRANSFORM_JOB, TUNING_JOB}


def pipelines_apart(means: Means) -> Apart:
    return Apart(means.records, _RINGS, lambda ring: PipelineReconciler(means, ring))
