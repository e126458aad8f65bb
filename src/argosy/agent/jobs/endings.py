"""What an algorithm left behind to be told: its failure file, a processing job's message."""

from argosy.agent.jobs import reasons
from argosy.agent.jobs.layout import Places, Tree
from argosy.agent.jobs.uploads import opened
from argosy.ground.jobs import MOST_FAILURE

FAILURE = "output/failure"
MESSAGE = "output/message"


def failure_of(places: Places, status: int, log: list[str]) -> str:
    """Why the algorithm failed, "" when its exit status is 0."""
    return reasons.algorithm_error(status, _read(places, FAILURE), log) if status else ""


def exit_message(places: Places) -> str:
    """What it wrote to /opt/ml/output/message."""
    return _read(places, MESSAGE).strip()


def _read(places: Places, name: str) -> str:
    """The beginning of a file below /opt/ml, "" when it is not there."""
    ml = places.folders.ml
    try:
        with opened(ml / name, Tree(ml, ml)) as file:
            return file.read(4 * MOST_FAILURE).decode("utf-8", "replace")[:MOST_FAILURE]
    except OSError:
        return ""
