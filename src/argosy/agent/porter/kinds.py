"""The kinds of work there are; what each needs is imported when it is wanted."""

from argosy.agent.porter.job import Job, Surroundings
from argosy.ground.errors import ArgosyError


def job_for(kind: str, surroundings: Surroundings) -> Job:
    """The work of that kind. Raises ArgosyError for a kind there is not."""
    raise ArgosyError(f"a porter cannot pull work of the kind {kind!r}")
