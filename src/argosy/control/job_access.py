"""How what runs in a job reaches this platform: as the job's role, for as long as it may run."""

from argosy.control.means import Means
from argosy.ground.inside import inside_environment
from argosy.state.record import Record

_MARGIN_S = 6 * 3600.0
"""For downloading before the algorithm runs, and uploading after it."""
_LONGEST_NAME = 64
"""Of a session of a role."""


def inside_of(means: Means, record: Record, runtime_s: float) -> dict[str, str]:
    """Variables for an algorithm that may run so long."""
    role, name = record.document["asked"]["RoleArn"], record.name[:_LONGEST_NAME]
    session = means.sessions.of_role(record.account, role, name, runtime_s + _MARGIN_S)
    return inside_environment(means.settings, session, record.region)
