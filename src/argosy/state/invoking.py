"""A service of the platform that has a function do something: is it there, may it, then a row."""

from argosy.state.function_policy import allows
from argosy.state.functions import resolve
from argosy.state.invocations import Invocations
from argosy.state.records import Records

NO_FUNCTION, NOT_ALLOWED = "NO_RESOURCE", "NO_PERMISSIONS"
TOO_LARGE = "INVALID_PARAMETER"


def invoke_for(
    records: Records,
    account: str,
    region: str,
    function: str,
    payload: str,
    now: float,
    *,
    service: str,
    source_arn: str,
    trace: str = "",
) -> tuple[str, str] | None:
    """Write an asynchronous invocation, joining the open transaction; None if that is done, else
    why not: a code and a sentence, and nothing is written.

    service: who invokes, as the function's policy must name it ("sns.amazonaws.com"); "" for
    somebody of the account, who may. source_arn: the resource for which it does.
    """
    if resolve(records, account, region, function) is None:
        return NO_FUNCTION, f"Function not found: {function}"
    if service and not allows(records, function, service, source_arn, account):
        return NOT_ALLOWED, (
            f"The policy of {function} does not allow {service} lambda:InvokeFunction for "
            f"{source_arn}."
        )
    try:
        body, queue = payload.encode(), Invocations(records.transactions)
        queue.add(account, region, function, body, now, trace=trace)
    except ValueError as error:
        return TOO_LARGE, str(error)
    return None
