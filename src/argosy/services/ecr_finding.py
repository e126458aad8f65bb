"""What the operations of ECR share: whose registry, which repository, pages."""

from typing import Any

from argosy.ground.errors import InvalidParameterException
from argosy.oci import repositories
from argosy.oci.errors import RepositoryNotFoundException
from argosy.oci.names import Owner
from argosy.services.log_tokens import pack, unpack
from argosy.services.registry import Call
from argosy.state.records import Record

_PAGE = 100

Keyed = list[tuple[list[Any], dict[str, Any]]]
"""(what it is sorted by, what is answered)."""


def owner_of(call: Call) -> Owner:
    return Owner(call.caller.account, call.caller.region)


def found(call: Call) -> Record:
    """The repository that the call names; raises RepositoryNotFoundException."""
    refuse_other_registry(call)
    return repositories.find(call.records, owner_of(call), call.input["repositoryName"])


def refuse_other_registry(call: Call) -> None:
    """Registries of other accounts are as good as empty."""
    given = call.input.get("registryId")
    if given and given != call.caller.account:
        name = call.input.get("repositoryName") or ""
        raise RepositoryNotFoundException(
            f"The repository with name '{name}' does not exist in the registry with id '{given}'"
        )


def page(call: Call, member: str, keyed: Keyed) -> dict[str, Any]:
    """The next items by key; the token is the last key given, so new items shift nothing."""
    keyed = sorted(keyed, key=lambda item: item[0])
    token = call.input.get("nextToken")
    if token:
        last = unpack(token)
        if not isinstance(last, list) or not all(isinstance(part, str) for part in last):
            raise InvalidParameterException("Invalid parameter at 'nextToken'.")
        keyed = [item for item in keyed if item[0] > last]
    limit = call.input.get("maxResults") or _PAGE
    body: dict[str, Any] = {member: [item for _, item in keyed[:limit]]}
    if keyed[limit:]:
        body["nextToken"] = pack(keyed[limit - 1][0])
    return body
