"""Sessions given out for roles and for callers, with the root key of this platform.

Implements `ground.inside.Sessions`. It refuses to decide who may have one: `access.trust` does,
for those who ask STS.
"""

from dataclasses import replace

from argosy.access.sessions import RootKey, Said, Session, is_ours, issue
from argosy.ground.clock import Clock
from argosy.state.records import Record, Records

ROLE = "role"
"""Kind of the records of IAM's roles; IAM knows no region, so theirs is ""."""


class RoleSessions:
    """Gives out temporary credentials."""

    def __init__(self, records: Records, clock: Clock, root: RootKey) -> None:
        self._records = records
        self._clock = clock
        self._root = root

    def of_role(self, account: str, role_arn: str, name: str, seconds: float) -> Session:
        """See `Sessions.of_role`: whether the role may be assumed is not asked."""
        return self.issue(self.said_of(account, role_arn, name), seconds)

    def said_of(self, account: str, role_arn: str, name: str) -> Said:
        """Whom a session of this role stands for. The id of a role that is not there is empty."""
        role = self.role(account, role_arn)
        role_id = "AROA" if role is None else role.document["RoleId"]
        arn = f"arn:aws:sts::{account}:assumed-role/{role_name(role_arn)}/{name}"
        return Said(account=account, arn=arn, user_id=f"{role_id}:{name}", role=role_arn)

    def issue(self, said: Said, seconds: float, tags: tuple[tuple[str, str], ...] = ()) -> Session:
        """A session for whoever this is, from now on."""
        return issue(self._root, replace(said, tags=tags), now=self._clock.now(), seconds=seconds)

    def role(self, account: str, role_arn: str) -> Record | None:
        """The role's record, if this account has it under just this ARN."""
        record = self._records.get(ROLE, account, "", role_name(role_arn))
        return record if record is not None and record.document["Arn"] == role_arn else None

    def knows(self, key_id: str) -> bool:
        """Whether the key is the root key, or of a session that was given out here."""
        return key_id == self._root.key_id or is_ours(self._root, key_id)


def role_name(role_arn: str) -> str:
    """The name in a role's ARN, without its path."""
    return role_arn.rpartition("/")[2]
