"""Asking an AWS operation of this platform from inside: what one part needs of all the others.

A step of a pipeline, a schedule's target and an API's integration ask what a client could ask, and
get the same answer or the same error. Who asks is said with it; nothing is signed.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from argosy.ground.errors import UnknownOperationException


@dataclass(frozen=True)
class Asker:
    """On whose behalf: the account, its region, and the ARN that the operation sees as its caller.

    A role's ARN becomes that of a session of it, as `GetCallerIdentity` would show it.
    """

    account: str
    region: str
    arn: str
    session: str = "argosy"
    """What the session of a role is called."""

    @property
    def identity(self) -> str:
        """`arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` for a role, else the ARN as it is."""
        head, is_role, path = self.arn.partition(":role/")
        if not is_role:
            return self.arn
        account = head.rpartition(":")[2] or self.account
        role = path.rpartition("/")[2]
        return f"arn:aws:sts::{account}:assumed-role/{role}/{self.session}"


class Operations(Protocol):
    """The operations that control answers; those of the runtime and of objects are not among them.

    Nothing of it may be called in an open transaction: an operation may have to wait.
    """

    async def call(
        self, service: str, operation: str, members: dict[str, Any], asker: Asker
    ) -> dict[str, Any]:
        """The answer, by botocore's member names.

        service: botocore's name ("sagemaker", "lambda"). members: as in a JSON body, by the names
        of members: times as numbers or text, blobs as bytes or base64; null is left out. In the
        answer times are seconds since the epoch and blobs are bytes; all else is plain JSON.

        Raises ApiError as a client would get it, with what does not fit the model before anything
        is done; UnknownOperationException for what Argosy does not offer.
        """
        ...


class NoOperations:
    """Where there is no platform around: every operation is refused."""

    async def call(
        self, service: str, operation: str, members: dict[str, Any], asker: Asker
    ) -> dict[str, Any]:
        raise UnknownOperationException(f"{service}:{operation} cannot be asked here.")
