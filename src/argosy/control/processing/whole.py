"""Processing jobs that are analyses of ours as a whole: a loop of their own."""

from argosy.control.apart import Apart
from argosy.control.means import Means
from argosy.control.processing.reconciler import Ended, ProcessingReconciler
from argosy.state.processing_jobs import PROCESSING_JOB


def analyses_apart(means: Means, ended: Ended) -> Apart:
    """`ended`: see `processing.reconciler`."""
    return Apart(
        means.records, {PROCESSING_JOB}, lambda ring: ProcessingReconciler(means, ring, ended)
    )
