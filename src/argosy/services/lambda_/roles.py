"""Whether Lambda may assume the role of a function."""

from argosy.access.roles import ROLE
from argosy.access.trust import Asking, trusts
from argosy.services.lambda_.errors import InvalidParameterValueException
from argosy.services.registry import Call

_SERVICE = "lambda.amazonaws.com"


def check_role(call: Call, arn: str) -> None:
    """Raises InvalidParameterValueException when IAM has the role and its trust policy keeps
    Lambda out. A role that IAM has not is taken as it is, as models' roles are."""
    _, _, _, _, account, resource = arn.split(":", 5)
    record = call.records.get(ROLE, account, "", resource.rpartition("/")[2])
    if record is None:
        return
    asking = Asking(arn=_SERVICE, account=account, service=_SERVICE)
    if not trusts(record.document["AssumeRolePolicyDocument"], asking):
        raise InvalidParameterValueException(
            "The role defined for the function cannot be assumed by Lambda."
        )
