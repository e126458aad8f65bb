"""ECR: lifecycle policies, which are carried out, and repository policies, which are kept.

A lifecycle policy that asks for more than `argosy.oci.lifecycle` does is refused. A repository
policy changes nothing: only the account's own keys are let in, and they may do everything.
"""

import json
from typing import Any

from argosy.ground.errors import InvalidParameterException
from argosy.oci import lifecycle
from argosy.oci.errors import LifecyclePolicyNotFoundException, RepositoryPolicyNotFoundException
from argosy.services.ecr_finding import found
from argosy.services.registry import Call, operation
from argosy.state.records import Record


@operation("ecr", "PutLifecyclePolicy")
def put_lifecycle_policy(call: Call) -> dict[str, Any]:
    text = call.input["lifecyclePolicyText"]
    lifecycle.rules(text)
    record = _change(call, "lifecycle", text)
    return {**_of(record), "lifecyclePolicyText": text}


@operation("ecr", "GetLifecyclePolicy")
def get_lifecycle_policy(call: Call) -> dict[str, Any]:
    record = _with_lifecycle(call)
    evaluated = record.document.get("evaluated")
    when = {"lastEvaluatedAt": evaluated} if evaluated else {}
    return {**_of(record), "lifecyclePolicyText": record.document["lifecycle"], **when}


@operation("ecr", "DeleteLifecyclePolicy")
def delete_lifecycle_policy(call: Call) -> dict[str, Any]:
    record = _with_lifecycle(call)
    _change(call, "lifecycle", "")
    return {**_of(record), "lifecyclePolicyText": record.document["lifecycle"]}


@operation("ecr", "SetRepositoryPolicy")
def set_repository_policy(call: Call) -> dict[str, Any]:
    text = call.input["policyText"]
    _check_policy(text)
    record = _change(call, "policy", text)
    return {**_of(record), "policyText": text}


@operation("ecr", "GetRepositoryPolicy")
def get_repository_policy(call: Call) -> dict[str, Any]:
    record = _with_policy(call)
    return {**_of(record), "policyText": record.document["policy"]}


@operation("ecr", "DeleteRepositoryPolicy")
def delete_repository_policy(call: Call) -> dict[str, Any]:
    record = _with_policy(call)
    _change(call, "policy", "")
    return {**_of(record), "policyText": record.document["policy"]}


def _with_lifecycle(call: Call) -> Record:
    record = found(call)
    if not record.document["lifecycle"]:
        raise LifecyclePolicyNotFoundException(
            f"Lifecycle policy does not exist for the repository with name '{record.name}' in the "
            f"registry with id '{record.account}'"
        )
    return record


def _with_policy(call: Call) -> Record:
    record = found(call)
    if not record.document["policy"]:
        raise RepositoryPolicyNotFoundException(
            f"Repository policy does not exist for the repository with name '{record.name}' in "
            f"the registry with id '{record.account}'"
        )
    return record


def _change(call: Call, member: str, text: str) -> Record:
    with call.records.transaction():
        record = found(call)
        document = {**record.document, member: text}
        return call.records.update(record, now=call.clock.now(), document=document)


def _of(record: Record) -> dict[str, Any]:
    return {"registryId": record.account, "repositoryName": record.name}


def _check_policy(text: str) -> None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or "Statement" not in document:
        raise InvalidParameterException(
            "Invalid parameter at 'PolicyText' failed to satisfy constraint: "
            "'Invalid repository policy provided'"
        )
