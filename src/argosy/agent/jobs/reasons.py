"""Why a job failed, as its FailureReason says it. Pure.

SageMaker's reasons begin with whose failure it is: AlgorithmError, ClientError,
InternalServerError (reference/container-contract.md §6).
"""

from argosy.agent.reasons import with_log
from argosy.ground.jobs import MOST_FAILURE

_KILLED = 137


def algorithm_error(status: int, failure: str, log: list[str]) -> str:
    """The algorithm exited with a status that is not 0. failure: content of its failure file."""
    ending = f", exit code: {status}"
    if failure.strip():
        return f"AlgorithmError: {failure.strip()[: MOST_FAILURE - 16 - len(ending)]}{ending}"
    if status == _KILLED:
        cause = (
            "the algorithm was killed (SIGKILL): most likely the machine ran out of memory, "
            "or somebody killed it"
        )
    else:
        cause = "See job logs for more information"
    return with_log(f"AlgorithmError: {cause}{ending}.", log)


def client_error(sentence: str) -> str:
    """What the user named is not there, or not as it should be."""
    return f"ClientError: {sentence}"[:MOST_FAILURE]


def volume_full(size: int, limit: int) -> str:
    """The job has written more than it may."""
    return (
        f"AlgorithmError: the job has {size / 1e9:.1f} GB on its volume of {limit / 1e9:.1f} GB. "
        "Raise VolumeSizeInGB, or write less."
    )


def beyond(what: str) -> str:
    """The job uses more of the machine than it may; "" for nothing."""
    return f"AlgorithmError: the job was ended because {what}." if what else ""


def disk_full(free: int) -> str:
    """The machine's disk is nearly full."""
    return (
        f"AlgorithmError: the job was ended because the machine's disk has only {free >> 20} MiB "
        "left."
    )
