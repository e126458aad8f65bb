"""The kinds of work there are; what each needs is imported when it is wanted."""

from argosy.agent.porter.job import Job, Surroundings
from argosy.ground.errors import ArgosyError
from argosy.ground.work import ASYNC, TRANSFORM


def job_for(kind: str, surroundings: Surroundings) -> Job:
    """The work of that kind. Raises ArgosyError for a kind there is not."""
    if kind == TRANSFORM:
        from argosy.agent.porter.transform.engine import Engine

        return Engine(surroundings)
    if kind == ASYNC:
        from argosy.agent.porter.asynchronous.job import AsyncJob

        return AsyncJob(surroundings)
    raise ArgosyError(f"a porter cannot pull work of the kind {kind!r}")
